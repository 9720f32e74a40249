import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendToNight, readLedgerFrom, recordsOf } from '#bot/evidence/ledger.ts';
import { openContext } from '#bot/gates/context.ts';
import { FINAL_GATE, GATE_NAMES } from '#bot/gates/outcome.ts';
import { runAllGates } from '#bot/gates/run-gates.ts';
import type { RepositoryApi } from '#bot/github/repository-api.ts';
import { runNight } from '#bot/orchestrator/night.ts';
import { recordCanaries } from '#bot/orchestrator/night-ledger.ts';
import { evolutionProposer } from '#bot/proposers/evolution/evolution.ts';
import type { Plan } from '#bot/proposers/evolution/grammar/plan.ts';
import { filesOf, readIncumbent } from '#bot/proposers/evolution/incumbent.ts';
import type { Proposer, StrategyFiles } from '#bot/proposers/proposer.ts';
import type { CommitHash } from '#engine/repository/repository.ts';
import { createDeployment, type Deployment } from '#tests/support/deployment.ts';
import { gateTools } from '#tests/support/gate-tools.ts';
import { itLong } from '#tests/support/long.ts';
import { sampleTruth } from '#tests/support/sample-truth.ts';

/**
 * A version that is printed from a tree, from one night to the next: proposed, proven by every gate, put on main, read back, and searched
 * from. Over real git, a real ledger, real sandboxes and real backtests.
 */

const PERSON = { name: 'Test', email: 'test@localhost' };
const STRATEGY = 'ema-cross';
const FOLDER = `strategies/${STRATEGY}`;
/** From so many on, trees are grown and bred. */
const TRIALS = 64;

/** Breakouts on longer bars than the incumbent's and the candles', with a stop that follows. */
const TREE: Plan = {
  schema: 'ratchet/blueprint/2',
  symbols: ['BTC/USDT', 'ETH/USDT'],
  timeframe: '4h',
  regime: {
    when: { left: { price: 'close' }, is: 'above', right: { average: 'sma', bars: 'trendBars', on: '4h' } },
    leaves: false,
  },
  entry: {
    all: [
      { left: { price: 'close' }, is: 'above', right: { extreme: 'highest', bars: 'channelBars', on: '4h' } },
      { left: { volume: 'bar', on: '4h' }, is: 'atLeast', right: { volume: 'usual', times: 'volumeRatio', on: '4h' } },
    ],
  },
  exit: null,
  protection: { stop: 'trailing', target: false, horizon: false },
  sizing: 'equal',
};
const VALUES = { trendBars: 100, channelBars: 40, volumeRatio: 1, trailingStop: 0.08 };

let deployment: Deployment;
beforeAll(async () => {
  deployment = await createDeployment();
}, 60_000);
afterAll(() => deployment.close());

let nights = 0;

/** A night over what main holds, whose canaries have flown. */
async function hold(search: Proposer, trials: number) {
  const { root, repository, state, candles, market } = deployment;
  nights += 1;
  const cycle = `20260101-${nights}`;
  const asOf = market.replayFrom + 24 * 3_600_000;
  await repository.fetch();
  const parentTree = (await repository.treeOf(await repository.require('main'), FOLDER))!;
  const plan = { cycle, strategy: STRATEGY, asOf, parentTree, proposer: 'evolution' as const, trialsPlanned: trials, seed: 7 };
  await appendToNight(state, cycle, { entries: [{ kind: 'night-began', ...plan }] });
  await recordCanaries(state, cycle, [{ canary: 'null', outcome: 'stopped', stops: [], sentence: 'It was.' }]);
  const opened: { readonly title: string; readonly headRef: string }[] = [];
  const api = {
    issues: { listOpen: async () => [] },
    branches: { latestPulls: async () => [] },
    discussions: { proposals: async () => [], remarksUnder: async () => new Map() },
    listOpenPullRequests: async () => [],
    findPullRequest: async () => null,
    openPullRequest: async (request: (typeof opened)[number]) => {
      opened.push(request);
      return { number: opened.length, title: request.title };
    },
    label: async () => {},
    pageUrl: async () => 'http://forge.test/you/strategies',
  };
  const report = await runNight({
    strategy: STRATEGY,
    asOf,
    seed: 7,
    trials,
    workers: 2,
    hint: null,
    thinkers: { name: 'evolution', search, mind: null },
    worktrees: join(root, 'nights', 'worktrees'),
    repository,
    state,
    api: api as unknown as RepositoryApi,
    candles,
    truth: () => sampleTruth({ trades: 12, netResult: -120, fees: 30 }),
    record: null,
    author: PERSON,
    prove: () => expect.fail('The canaries are not sent again.'),
    forge: 'embedded',
    commands: [],
    progress: () => {},
  });
  await state.refresh();
  const labels = recordsOf(await readLedgerFrom(state), 'trials-planned')
    .filter((record) => record.cycle === cycle)
    .flatMap(({ entry }) => entry.trials.map(({ label }) => label));
  return { report, opened, labels };
}

/** Tries one configuration and proposes it. */
function proposing(plan: Plan, values: Readonly<Record<string, number>>): Proposer {
  return {
    name: 'evolution',
    async propose(task) {
      const files = filesOf(readIncumbent(task.incumbent), { blueprint: plan, values });
      const evaluation = await task.evaluate(files, 'a tree');
      expect(evaluation).toMatchObject({ outcome: 'scored' });
      const claim = {
        kind: 'RESTRUCTURE' as const,
        hypothesis: 'Fewer trades cost less.',
        changes: ['entry: buys when the price rises above the highest high of its channel'],
        proposer: 'evolution' as const,
        riskTier: 2 as const,
        forecast: null,
        killRule: null,
        knownUntil: null,
      };
      return { candidates: [{ files, claim }], reason: null };
    },
  };
}

async function filesAt(commit: CommitHash): Promise<StrategyFiles> {
  const read = async (path: string) =>
    [path, Buffer.from((await deployment.repository.readFile(commit, `${FOLDER}/${path}`))!).toString()] as const;
  return new Map([await read('manifest.yaml'), await read('strategy.ts')]);
}

describe('a version printed from a tree', () => {
  let head: CommitHash;

  it('is proposed by a night, with the tree in its manifest, and passes every gate', async () => {
    const { report, opened } = await hold(proposing(TREE, VALUES), 1);
    expect(report, report.reason).toMatchObject({ decision: 'RESTRUCTURE', trials: 1 });
    const { repository, state, candles, base } = deployment;
    await repository.fetch();
    head = await repository.require(opened[0]!.headRef);
    expect((await filesAt(head)).get('manifest.yaml')).toContain('  schema: ratchet/blueprint/2\n');

    const log = pino({ level: 'silent' });
    const context = await openContext({ repository, state, candles, log, base, head, author: 'bot' });
    const results = await runAllGates(context, () => {}, gateTools);
    expect(results.map(({ gate }) => gate)).toEqual([...GATE_NAMES, FINAL_GATE]);
    const failed = results.filter(({ conclusion }) => conclusion !== 'success');
    expect(failed.map(({ gate, title }) => [gate, title])).toEqual([]);
  }, 120_000);

  it('is read back from main as the very tree it was printed from', async () => {
    const { root, remote } = deployment;
    execFileSync('git', ['-C', join(root, 'mirror.git'), 'push', '--quiet', remote, `${head}:refs/heads/main`]);
    const { configuration } = readIncumbent(await filesAt(head));
    expect(configuration).toEqual({ blueprint: TREE, values: VALUES });
  });

  itLong(
    'is searched from in the next night, which moves inside the tree',
    async () => {
      const { report, labels } = await hold(evolutionProposer(), TRIALS);
      expect(report.trials).toBe(TRIALS);
      expect(labels).toHaveLength(TRIALS);
      // Its bars are 4h ones, and the candles allow 1h ones.
      expect(labels.some((label) => label.startsWith('bars: 4h → '))).toBe(true);
      // A part of the incumbent's own tree is taken out, another put in, and its numbers moved.
      expect(labels).toContain('entry: no more buys when volume is not thin');
      expect(labels.filter((label) => /entry: buys when/.test(label)).length).toBeGreaterThan(5);
      expect(labels.filter((label) => /(trendBars|channelBars|volumeRatio|trailingStop): \S+ → \S+/.test(label))).not.toEqual([]);
    },
    120_000,
  );
});
