import { readFileSync } from 'node:fs';
import { allocateColumns, bytesOfColumns } from '#engine/candles/candle-columns.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import { openBacktester } from '../backtester.ts';
import type { BacktestRequest } from '../types.ts';
import { builtArtifact } from './subject.ts';

/** The program of `runElsewhere`: reads the job named on its command line, prints what the run came to as one JSON object. */
interface Job {
  readonly source: string;
  readonly entry: string;
  readonly request: BacktestRequest;
  readonly files: readonly { readonly symbol: string; readonly path: string; readonly bars: number }[];
}

const { source, entry, request, files } = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as Job;
const artifact = await builtArtifact(source, entry);
const tester = await openBacktester(artifact);
try {
  await tester.useDataset(request.dataset, new Map(files.map(({ symbol, path, bars }) => [symbol, columnsIn(path, bars)])));
  const { resultId, resultDigest } = await tester.run({ ...request, artifact: artifact.digest });
  process.stdout.write(JSON.stringify({ node: process.version, artifact: artifact.digest, resultId, resultDigest }));
} finally {
  await tester.close();
}

function columnsIn(path: string, bars: number): CandleColumns {
  const buffer = new SharedArrayBuffer(bytesOfColumns(bars));
  new Uint8Array(buffer).set(readFileSync(path));
  return allocateColumns(bars, buffer);
}
