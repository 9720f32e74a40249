import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { breachOf, failedVersions } from '#bot/orchestrator/life/ways-back.ts';
import type { StrategyReport } from '#engine/runtime/report.ts';
import type { EngineStatus, StrategyStatus } from '#engine/runtime/status.ts';
import { sampleTruth } from '#tests/support/sample-truth.ts';
import { createProposal, FOLDER, ID, type ProposalWorld } from './proposal-world.ts';

const DAY_MS = 86_400_000;
const LOADED = Date.UTC(2026, 2, 10, 15);

function statusWith(change: Partial<StrategyStatus>): EngineStatus {
  const control = { mode: 'active', by: 'ratchet', at: '1970-01-01T00:00:00.000Z', reason: '' } as const;
  const strategy: StrategyStatus = {
    id: ID,
    status: 'Degraded',
    code: 'quarantined',
    reason: 'this version failed here: it threw',
    tree: 'a'.repeat(40),
    commit: null,
    stage: 'paper',
    desiredTree: 'b'.repeat(40),
    positions: 0,
    ...change,
  };
  const whole = { status: 'Degraded', reason: '', commit: null, mode: 'active', control, feed: 'running' } as const;
  return { schema: 'ratchet/engine-status/2', ...whole, strategies: [strategy] };
}

function reportWith(equities: readonly number[], change: Partial<StrategyReport> = {}): StrategyReport {
  const performance = { since: 0, trades: 0, wins: 0, winRate: null, netResult: 0, fees: 0, expectancy: null } as const;
  return {
    id: ID,
    stage: 'paper',
    tree: 'b'.repeat(40),
    commit: 'c'.repeat(40),
    // A replay of days long past.
    loadedAt: LOADED + 1_000 * DAY_MS,
    loadedInstant: LOADED,
    capital: 1_000,
    equity: 1_000,
    cash: 1_000,
    positions: [],
    positionsOmitted: 0,
    performance: { ...performance, profitFactor: null, maxDrawdown: 0, drawdownNow: 0, exposure: null },
    truth: sampleTruth(),
    trades: [],
    decisions: [],
    denials: {},
    // The first day is the one before it was loaded.
    dailyEquity: equities.map((equity, index) => [new Date(LOADED + (index - 1) * DAY_MS).toISOString().slice(0, 10), equity]),
    ...change,
  };
}

describe('what the engine says of a version on main', () => {
  it('is a failure of the version when it was quarantined or faulted, and leads back to what runs', () => {
    expect(failedVersions(statusWith({}))).toMatchObject([{ strategy: ID, tree: 'b'.repeat(40), backTo: 'a'.repeat(40) }]);
    expect(failedVersions(statusWith({ code: 'fault', tree: 'b'.repeat(40) }))).toMatchObject([{ backTo: null }]);
  });

  it('is a failure of the version when it reached a limit, as long as main asks for no other', () => {
    const reached = statusWith({ code: 'breach', tree: 'b'.repeat(40), reason: 'its equity has fallen by 51%' });
    expect(failedVersions(reached)).toMatchObject([{ strategy: ID, tree: 'b'.repeat(40), backTo: null }]);
    expect(failedVersions(statusWith({ code: 'breach' }))).toEqual([]);
  });

  it.each(['unsigned', 'unknown-key', 'on-trial', 'running', 'stage-refused'])(
    'is no failure of the version when it says %s',
    (code) => {
      expect(failedVersions(statusWith({ code }))).toEqual([]);
    },
  );
});

describe('a kill rule', () => {
  const rule = { maxDrawdown: 0.1, netReturn: -0.2, afterDays: 90 };

  it('is broken by a deeper fall than it names, from the highest day since the version was loaded', () => {
    expect(breachOf(reportWith([1_000, 1_000, 1_100, 989]), rule)).toMatchObject({ why: expect.stringContaining('10.1%') });
    expect(breachOf(reportWith([1_000, 1_000, 1_100, 990]), rule)).toBeNull();
  });

  it('does not blame a version for what another lost before', () => {
    expect(breachOf(reportWith([2_000, 1_000, 1_000]), rule)).toBeNull();
    expect(breachOf(reportWith([2_000, 1_000], { loadedInstant: LOADED + 400 * DAY_MS }), rule)).toBeNull();
  });

  it('that was never given is never broken', () => {
    expect(breachOf(reportWith([1_000, 1_000, 1]), null)).toBeNull();
  });
});

describe('a version that failed', { timeout: 60_000 }, () => {
  let place: ProposalWorld;
  beforeAll(async () => {
    place = await createProposal();
  });
  afterAll(() => place.close());

  it('has a way back opened once, told in the engine’s issue, which a person must approve', async () => {
    const { life, api, base, repository, signTree, moveMain } = place;
    const none = { report: null };
    const treeAt = async (commit: string) => repository.treeOf(await repository.require(commit), FOLDER);
    await signTree(base);
    const before = (await treeAt(base))!;
    expect(await life.proposeWaysBack({ ...none, status: statusWith({ tree: null, desiredTree: before }) })).toEqual([]);
    const tip = await moveMain({ [`${FOLDER}/strategy.ts`]: 'export default 9;\n' });
    await repository.fetch();
    const status = statusWith({ tree: before, desiredTree: await treeAt(tip) });
    const issue = await api.issues.open('The engine does not run what is on main', 'It threw.', ['ratchet:engine']);
    const [said, ...more] = await life.proposeWaysBack({ ...none, status });
    expect(more).toEqual([]);
    const number = Number(/#(\d+)/.exec(said!)![1]);
    const pull = await api.pullRequest(number);
    expect(pull.body).toContain('it threw');
    expect(pull.body).toContain(`See #${issue.number}`);
    expect(pull.body).toContain(`/approve ${pull.headSha}`);
    expect(await treeAt(pull.headSha)).toBe(before);
    expect(await life.proposeWaysBack({ ...none, status })).toEqual([]);
    expect((await api.issues.comments(issue.number)).map(({ body }) => body)).toEqual([expect.stringContaining(`#${number}`)]);
    await api.closePullRequest(number);
    expect(await life.proposeWaysBack({ ...none, status })).toEqual([]);
  });
});
