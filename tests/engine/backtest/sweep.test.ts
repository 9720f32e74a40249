import { afterEach, describe, expect, it } from 'vitest';
import { openBacktester } from '#engine/backtest/backtester.ts';
import { Sweep } from '#engine/backtest/sweep.ts';
import type { BacktestRequest } from '#engine/backtest/types.ts';
import { artifactOf, crossSource, datasetOf, FROM, marketsOf, simulated } from './bench-market.ts';

const symbols = ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'];
const columns = simulated(symbols, '1h', 2000);
const dataset = datasetOf(columns, '1h');

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

function requestsOf(artifact: string, fasts: readonly number[]): BacktestRequest[] {
  return fasts.map((fast) => ({
    artifact,
    parameters: { fast },
    dataset,
    span: { from: FROM, to: Number.MAX_SAFE_INTEGER },
    markets: marketsOf(symbols),
    capital: 10_000,
    seed: 1,
    delayBars: 0,
  }));
}

describe('a sweep', () => {
  it('gives what one process gives run by run, in the order of the requests', async () => {
    const artifact = await artifactOf(crossSource);
    const requests = requestsOf(artifact.digest, [3, 5, 8, 13, 20]);
    const sweep = await Sweep.open(artifact, 2);
    const tester = await openBacktester(artifact);
    open.push(sweep, tester);
    await Promise.all([sweep.useDataset(dataset, columns), tester.useDataset(dataset, columns)]);
    const together = (await sweep.run(requests)).map(({ resultDigest }) => resultDigest);
    const alone: string[] = [];
    for (const request of requests) alone.push((await tester.run(request)).resultDigest);
    expect(together).toEqual(alone);
    expect(new Set(together).size).toBe(5);
  });

  it('throws what a run throws, and goes on to serve', async () => {
    const artifact = await artifactOf(crossSource);
    const sweep = await Sweep.open(artifact, 2);
    open.push(sweep);
    await sweep.useDataset(dataset, columns);
    await expect(sweep.run(requestsOf(artifact.digest, [3, 99, 5, 8]))).rejects.toMatchObject({ code: 'backtest/parameters' });
    expect(await sweep.run(requestsOf(artifact.digest, [3]))).toHaveLength(1);
  });
});
