import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { digestOfJson } from '#engine/attestation/canonical.ts';
import { type Backtester, openBacktester } from '#engine/backtest/backtester.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';
import { readCandleFile } from '#engine/candles/read-candle-file.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import { artifactOf, crossSource, datasetOf, marketsOf, simulated, usualRules } from './bench-market.ts';
import { everythingSource } from './everything-strategy.ts';

/*
 * What these runs gave when they were recorded, on Node 20, before the loop was made fast. The same bytes are owed by every later
 * version on every Node; when the semantics change on purpose, SEMANTICS_VERSION goes up and the digests here are recorded anew.
 * Metrics are left out: they are computed from what is digested here, and have tests of their own.
 */

const DATA = fileURLToPath(new URL('../../../../shared/data/', import.meta.url));
const symbols = ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'];
const thin = { ...usualRules, volumeShare: 0.000002, tickSize: 0.05, stepSize: 0.003 };

const open: Backtester[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((tester) => tester.close()));
});

async function play(source: string, columns: ReadonlyMap<string, CandleColumns>, rules = usualRules, delayBars = 0) {
  const artifact = await artifactOf(source);
  const tester = await openBacktester(artifact);
  open.push(tester);
  const dataset = datasetOf(columns, '1h');
  await tester.useDataset(dataset, columns);
  return tester.run(
    {
      artifact: artifact.digest,
      parameters: {},
      dataset,
      span: { from: 0, to: Number.MAX_SAFE_INTEGER },
      markets: marketsOf(symbols, rules),
      capital: 10_000,
      seed: 1,
      delayBars,
    },
    { verify: true },
  );
}

function digestOf({ trades, equity, decisions }: BacktestResult): string {
  return digestOfJson({ trades, equity, decisions });
}

describe('recorded results', () => {
  const columns = simulated(symbols, '1h', 12_000);

  it('of crossing averages over simulated candles', async () => {
    const result = await play(crossSource, columns);
    expect(result.trades.length).toBe(648);
    expect(digestOf(result)).toBe('sha256:53212ba53fc55584724b2d977609428e68d3e50396d30a8cb4e60efc6fad78be');
  });

  it('of a strategy that uses everything there is', async () => {
    const result = await play(everythingSource, columns);
    expect(new Set(result.trades.map(({ exitCause }) => exitCause)).size).toBe(6);
    expect(digestOf(result)).toBe('sha256:7c2e5be7bea1903b61473767a753a75f36af368f573b5fa9087882fa4b1487ac');
  });

  it('of the same on a market so thin that orders fill in parts, a bar late', async () => {
    const result = await play(everythingSource, columns, thin, 1);
    expect(digestOf(result)).toBe('sha256:d0e5a200b684fec272733f187872e89e590d65f5f2e459d0e8df16abda5820b3');
  });

  it.skipIf(!existsSync(DATA))('of both over real candles', async () => {
    const real = new Map(
      ['BTC', 'ETH', 'SOL'].map((asset) => {
        const file = readCandleFile(`${DATA}binance_${asset}USDT_1h_20200920-20250630.csv.gz`);
        return [`${asset}/USDT`, file.columns] as const;
      }),
    );
    expect(digestOf(await play(crossSource, real))).toBe(
      'sha256:a1e55da23a5b40ef7769cadf8fbb78ea380db467a9c0848b61934ba8d531548d',
    );
    expect(digestOf(await play(everythingSource, real, thin))).toBe(
      'sha256:1161d1e5275333cc2104606451b25cde378ee9841d6bffee6585b0c1ae4920e0',
    );
  });
});
