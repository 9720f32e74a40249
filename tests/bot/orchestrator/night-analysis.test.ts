import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendToNight } from '#bot/evidence/ledger.ts';
import type { RepositoryApi } from '#bot/github/repository-api.ts';
import { runNight } from '#bot/orchestrator/night.ts';
import { recordCanaries } from '#bot/orchestrator/night-ledger.ts';
import type { NightReport } from '#bot/orchestrator/night-options.ts';
import type { Progress } from '#bot/orchestrator/progress.ts';
import type { CommitHash } from '#engine/repository/repository.ts';
import { commitOn, createDeployment, type Deployment } from '#tests/support/deployment.ts';

const PERSON = { name: 'Test', email: 'test@localhost' };
const STRATEGY = 'ema-cross';

let deployment: Deployment;
beforeAll(async () => {
  deployment = await createDeployment();
}, 60_000);
afterAll(() => deployment.close());

/** A night whose canaries were stopped, and which finds that a proposal is open: it observes, and no more. */
async function observingNight(cycle: string, main: CommitHash): Promise<{ report: NightReport; said: readonly string[] }> {
  const { root, remote, repository, state, candles, market } = deployment;
  execFileSync('git', ['-C', join(root, 'mirror.git'), 'push', '--quiet', '--force', remote, `${main}:refs/heads/main`]);
  const asOf = market.replayFrom + 24 * 3_600_000;
  const parentTree = (await repository.treeOf(main, `strategies/${STRATEGY}`))!;
  const plan = { cycle, strategy: STRATEGY, asOf, parentTree, proposer: 'evolution', trialsPlanned: 1, seed: 1 };
  await appendToNight(state, cycle, { entries: [{ kind: 'night-began', ...plan }] });
  await recordCanaries(state, cycle, [{ canary: 'null', outcome: 'stopped', stops: [], sentence: 'It was.' }]);
  const said: string[] = [];
  const progress: Progress = (step) => {
    if (step.kind === 'done') said.push(step.message);
  };
  const api = {
    issues: { listOpen: async () => [] },
    listOpenPullRequests: async () => [{ number: 12, headRef: `evolve/${STRATEGY}/other` }],
  };
  const report = await runNight({
    strategy: STRATEGY,
    asOf,
    seed: 1,
    trials: 1,
    workers: 1,
    hint: null,
    thinkers: {
      name: 'evolution',
      search: { name: 'evolution', propose: () => Promise.reject(new Error('Nobody may look for anything.')) },
      mind: null,
    },
    worktrees: join(root, 'worktrees'),
    repository,
    state,
    api: api as unknown as RepositoryApi,
    candles,
    truth: () => null,
    record: null,
    author: PERSON,
    prove: () => expect.fail('The canaries are not sent again.'),
    forge: 'embedded',
    commands: [],
    progress,
  });
  return { report, said };
}

describe('a night', () => {
  it('asks the analysis modules and has nothing to say of it when they answer', async () => {
    const { report, said } = await observingNight('20260101-1', deployment.base);
    expect(report).toMatchObject({ decision: 'NO_CHANGE', reason: expect.stringContaining('#12') });
    expect(said.filter((message) => message.includes('analysis'))).toEqual([]);
  });

  it('goes on to its end without a module that fails, and says why it was not told', async () => {
    const broken = `import { defineAnalysis } from 'ratchet/contract';\nexport default defineAnalysis({ description: 'x', analyze: () => 0 / 0 });\n`;
    const main = await commitOn(deployment, new Map([['strategies/analysis/market.ts', broken]]));
    const { report, said } = await observingNight('20260102-1', main);
    expect(report).toMatchObject({ decision: 'NO_CHANGE', reason: expect.stringContaining('#12') });
    expect(said).toContainEqual(
      expect.stringMatching(
        /^the analysis modules tell nothing: strategies\/analysis\/market\.ts: The module failed: .*answer is NaN/,
      ),
    );
  });
});
