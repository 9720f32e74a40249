import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backtester } from '#engine/backtest/backtester.ts';
import { StrategyDescription } from '#engine/backtest/strategy-process.ts';
import type { StrategyArtifact } from '#engine/sandbox/artifact.ts';
import { Sandbox } from '#engine/sandbox/sandbox.ts';
import { artifactOf, crossSource, datasetOf, FROM, marketsOf, simulated } from './bench-market.ts';

const HOUR_MS = 3_600_000;
const symbols = ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'];
const columns = simulated(symbols, '1h', 1500);
const dataset = datasetOf(columns, '1h');

let artifact: StrategyArtifact;
let sandbox: Sandbox;
let tester: Backtester;
beforeAll(async () => {
  artifact = await artifactOf(crossSource);
  sandbox = await Sandbox.start({ program: fileURLToPath(new URL('./lying-program.ts', import.meta.url)) });
  const { output } = await sandbox.call('load', { code: artifact.code });
  tester = new Backtester(artifact, sandbox, StrategyDescription.parse(output));
  await tester.useDataset(dataset, columns);
});
afterAll(() => sandbox.close());

function run(verify: boolean) {
  const span = { from: FROM, to: FROM + 1500 * HOUR_MS };
  return tester.run(
    {
      artifact: artifact.digest,
      parameters: {},
      dataset,
      span,
      markets: marketsOf(symbols),
      capital: 10_000,
      seed: 1,
      delayBars: 0,
    },
    { verify },
  );
}

describe('a process that reports what is not so', () => {
  it('is believed while it tells the truth', async () => {
    await sandbox.call('lie', '');
    expect((await run(true)).metrics.trades).toBeGreaterThan(10);
  });

  it.each(['equity', 'trade', 'drawdown', 'tape', 'late-tape'])(
    'about its %s is found out by the replay of its own intents',
    async (lie) => {
      await sandbox.call('lie', lie);
      await expect(run(true)).rejects.toMatchObject({ code: 'backtest/answer' });
    },
  );

  it.each(['nan', 'symbol', 'extra'])('in a form that cannot be (%s) is refused without any replay', async (lie) => {
    await sandbox.call('lie', lie);
    await expect(run(false)).rejects.toMatchObject({ code: 'backtest/answer' });
  });
});
