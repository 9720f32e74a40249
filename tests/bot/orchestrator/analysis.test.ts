import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AnalysisTask, analysisOf } from '#bot/orchestrator/analysis.ts';
import { commitOn, createDeployment, type Deployment } from '#tests/support/deployment.ts';

const HOUR = 3_600_000;
let deployment: Deployment;
let task: AnalysisTask;

beforeAll(async () => {
  deployment = await createDeployment();
  const { repository, candles, base, market } = deployment;
  // A hundred hours after the vault; the simulated market goes on behind that.
  task = { repository, commit: base, candles, record: null, asOf: market.replayFrom + 100 * HOUR };
}, 60_000);
afterAll(() => deployment.close());

/** What it says of a commit where a module has other text, or is gone. */
const withModule = async (name: string, text: string | null) =>
  analysisOf({ ...task, commit: await commitOn(deployment, new Map([[`strategies/analysis/${name}.ts`, text]])) });

interface Market {
  readonly price: Record<string, Record<'development' | 'since', { firstTime: number; closedTime: number; close: number }>>;
  readonly quality: readonly { readonly bars: number; readonly part: string }[];
}

describe('what the modules of main tell a night', () => {
  it('comes from candles of the development span and those after the vault, up to its market time', async () => {
    const told = await analysisOf(task);
    if ('problem' in told) return expect.fail(told.problem);
    const { development, vault } = deployment.market.evaluation.spans;
    const { price, quality } = told.market as unknown as Market;
    expect(Object.keys(price)).toEqual(['BTC/USDT', 'ETH/USDT']);
    for (const parts of Object.values(price)) {
      expect(parts.development.closedTime).toBe(development.to);
      expect(parts.since.firstTime).toBe(vault.to);
      expect(parts.since.closedTime).toBe(task.asOf);
    }
    expect(quality.filter(({ part }) => part === 'since').map(({ bars }) => bars)).toEqual([100, 100]);
    expect(told.trades).toEqual({ asOf: task.asOf, strategies: {}, positions: [], positionsByAge: {}, refusals: [] });
  });

  it('is the same whenever it is asked', async () => {
    expect(await analysisOf(task)).toEqual(await analysisOf(task));
  });

  it.each([
    ['is gone', null, /has no strategies\/analysis\/trades\.ts/],
    [
      'is refused',
      'export default Date.now();\n',
      /strategies\/analysis\/trades\.ts:1: 'Date' is refused.*\[analysis\/refused\]/,
    ],
    [
      'fails',
      `import { defineAnalysis } from 'ratchet/contract';\nexport default defineAnalysis({ description: 'x', analyze: (query) => query('SELECT x FROM y').length });\n`,
      /strategies\/analysis\/trades\.ts: The statement fails, no such table: y.*\[analysis\/query\]/,
    ],
  ])('is why there is nothing to go by when one %s', async (_what, text, problem) => {
    expect(await withModule('trades', text)).toEqual({ problem: expect.stringMatching(problem) });
  });

  it('is that no yardstick says what may be shown, where there is none', async () => {
    const commit = await commitOn(deployment, new Map([['policies/evaluation.yaml', null]]));
    expect(await analysisOf({ ...task, commit })).toEqual({ problem: expect.stringContaining('policies/evaluation.yaml') });
  });
});
