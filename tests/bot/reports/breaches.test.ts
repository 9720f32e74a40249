import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendToNight, type LedgerEntry } from '#bot/evidence/ledger.ts';
import { minute } from '#bot/evidence/numbers.ts';
import type { RepositoryApi } from '#bot/github/repository-api.ts';
import { recordDecision } from '#bot/orchestrator/life/decisions.ts';
import { logMerge } from '#bot/orchestrator/life/merge-log.ts';
import { breachesText } from '#bot/reports/breaches.ts';
import { gatherPeriod } from '#bot/reports/gather-period.ts';
import type { AskedForge } from '#bot/reports/gather-pull-requests.ts';
import { periodReport } from '#bot/reports/period.ts';
import { pullRequestsText } from '#bot/reports/pull-requests.ts';
import { enginePaths } from '#engine/runtime/options.ts';
import { reportPath, reportText } from '#engine/runtime/report.ts';
import { statusPath } from '#engine/runtime/status.ts';
import { EngineStore } from '#engine/store/engine-store.ts';
import { sampleReport } from '#tests/bot/commands/sample-report.ts';
import { owner, repo } from '#tests/bot/forge/forge-under-test.ts';
import { cycleOn, DAY, day, entriesOf, STRATEGY } from '#tests/bot/memory/sample-memory.ts';
import { createProposal, FOLDER, HEAD_REF, OWNER, type ProposalWorld } from '#tests/bot/orchestrator/life/proposal-world.ts';

/** The night of the proposal, 1 March 2026; its version was loaded a day later and has fallen by a fifth a month after. */
const PROPOSED_ON = 59;
const FELL_ON = PROPOSED_ON + 31;
const AS_OF = day(FELL_ON + 1);
const NOT_ASKED: AskedForge = { problem: 'nobody named one.' };

let here: ProposalWorld;
let record: string;

beforeAll(async () => {
  here = await createProposal();
  const { world, api, state, repository, number } = here;
  const [[cycle, entries] = ['', []]] = entriesOf([{ on: PROPOSED_ON, decision: 'TWEAK' }]);
  const proposed = entries.map((entry) => (entry.kind === 'night-ended' ? { ...entry, branch: HEAD_REF } : entry));
  await appendToNight(state, cycle, { entries: proposed });
  await appendToNight(state, cycleOn(FELL_ON), { entries: await nightThatRefuses() });
  await world.as('owner').rest.pulls.merge({ owner, repo, pull_number: number, merge_method: 'squash' });
  await repository.fetch();
  await logMerge(await api.pullRequest(number), here.options);
  record = join(world.dir, 'engine');
  writeRecord(record, (await repository.treeOf(await repository.require('main'), FOLDER))!);
}, 60_000);
afterAll(() => here?.close());

/** A canary that slipped through, and a no of the vault. */
async function nightThatRefuses(): Promise<LedgerEntry[]> {
  const [[, entries] = ['', []]] = entriesOf([{ on: FELL_ON, decision: 'NO_CHANGE' }]);
  const slipped: LedgerEntry = {
    kind: 'canary',
    canary: 'null',
    outcome: 'slipped',
    stoppedBy: [],
    sentence: 'The gates passed @it.',
  };
  const opened = {
    kind: 'vault-opened',
    opening: 1,
    strategy: STRATEGY,
    tree: 'c'.repeat(40),
    pair: `sha256:${'1'.repeat(64)}`,
  } as const;
  const level = { alpha: 0.05, daysPerOpening: 30, level: 0.01, until: day(FELL_ON) };
  const answered = { kind: 'vault-answered', opening: 1, answer: 'fail' } as const;
  return [...entries.slice(0, -1), slipped, entries.at(-1)!, { ...opened, ...level }, answered];
}

function writeRecord(dir: string, tree: string): void {
  mkdirSync(dir, { recursive: true });
  writeFileSync(enginePaths(dir).status, '{}');
  const store = EngineStore.open(dir);
  const loaded = day(PROPOSED_ON + 1);
  const version = { strategy: STRATEGY, commitHash: 'c', stage: 'paper', artifact: 'a', barMs: DAY, symbols: 1 } as const;
  store.setDeploymentOutcome(
    store.addDeployment({ ...version, treeHash: tree, instant: loaded, loadedAt: loaded }),
    'running',
    null,
  );
  const hold = { symbol: 'BTC/USDT', action: 'hold', reason: 'no signal', outcome: 'held', terms: null };
  const step = { strategy: STRATEGY, treeHash: tree, fills: [], trades: [], denials: [], decisions: [hold] };
  store.addStep({ ...step, treeHash: 'before', instant: loaded - DAY, equity: 2_000 });
  store.addStep({ ...step, instant: loaded + DAY, equity: 2_000 });
  const trade = {
    symbol: 'BTC/USDT',
    entryTime: day(FELL_ON - 7),
    exitTime: day(FELL_ON - 6),
    entryPrice: 100,
    exitPrice: 95,
    quantity: 1,
    fees: 2,
    netResult: -7,
    netReturn: -0.07,
    barsHeld: 1,
    maxAdverseExcursion: 0.07,
    maxFavourableExcursion: 0,
    entryReason: 'cross',
    exitReason: 'over',
    exitCause: 'decision',
    version: tree,
  };
  store.addStep({ ...step, instant: day(FELL_ON - 6), equity: 1_993, trades: [trade] });
  store.addStep({ ...step, instant: day(FELL_ON), equity: 1_600 });
  const fault = { strategy: STRATEGY, treeHash: tree, at: Date.now() };
  store.addFault({ ...fault, instant: day(FELL_ON), code: 'risk/breach', message: 'it fell by 20%' });
  for (const hours of [1, 2])
    store.addFault({ ...fault, instant: day(FELL_ON) + hours, code: 'strategy/threw', message: 'it threw' });
  store.addFault({ ...fault, instant: day(FELL_ON - 20), code: 'strategy/threw', message: 'long ago' });
  store.close();
}

const gather = (options: { days?: number; record?: string | null; forge?: AskedForge; asOf?: number } = {}) => {
  const { repository, state } = here;
  const { days = 7, asOf = AS_OF, forge = NOT_ASKED } = options;
  const sources = { repository, state, dir: null, forge, record: options.record === undefined ? record : options.record };
  return gatherPeriod(sources, { days, asOf, now: Date.now() });
};

describe('trades of some days', { timeout: 60_000 }, () => {
  it('are those of the engine’s record, however many have closed since', async () => {
    const report = { ...sampleReport(), asOf: AS_OF };
    const strategies = report.strategies.map((one) => ({ ...one, id: STRATEGY }));
    await here.state.update('publish', () => new Map([[reportPath, Buffer.from(reportText({ ...report, strategies }))]]));
    const facts = await gather({ asOf: day(FELL_ON - 5), days: 3 });
    expect(facts.trades).toEqual([
      { id: STRATEGY, trades: [{ exitTime: day(FELL_ON - 6), netResult: -7, fees: 2 }], mayLackOlder: false },
    ]);
    expect(periodReport(facts)).toContain(`Accounts and droughts are the newest there are, of ${minute(AS_OF)} UTC.`);
  });
});

describe('what went wrong in some days', { timeout: 60_000 }, () => {
  it('is told from the engine’s record, the evidence on main and the ledger, the gravest first, each once', async () => {
    const { breaches } = await gather();
    expect(breaches!.found.map(({ kind, strategy }) => [kind, strategy]).toSorted()).toEqual([
      ['canary', null],
      ['fault', STRATEGY],
      ['kill-rule', STRATEGY],
      ['limit', STRATEGY],
      ['vault', STRATEGY],
    ]);
    const lines = breachesText(breaches!).split('\n');
    expect(lines[0]).toBe('- **Limit reached** `ema-cross`, 2026-04-01 00:00 UTC: it fell by 20%');
    expect(lines[1]).toMatch(
      /^- \*\*Kill rule hit\*\* `ema-cross`, 2026-04-01 00:00 UTC: at any time its worst drawdown is above [\d.]+%, as the bootstrap of night 20260301-1 had named it$/,
    );
    expect(lines[2]).toContain('strategy/threw: it threw \\(2 times\\)');
    expect(lines[3]).toBe('- **Canary let through**, 2026-04-01 00:00 UTC: null: The gates passed @&#8203;it.');
    expect(lines[4]).toContain('opening 1 of the vault said no to tree cccccccccccc');
  });

  it('is none where nothing was, which is said, as is what could not be looked up', async () => {
    const quiet = await gather({ asOf: day(PROPOSED_ON + 5), days: 1 });
    expect(breachesText(quiet.breaches!)).toMatch(
      /^None is on record\.\n\nWhich open pull requests the gates refuse only the forge/,
    );
    expect(periodReport(quiet)).toContain('## Breaches\n\nNone is on record.');
  });

  it('is of the engine only what it publishes, where its record is out of reach', async () => {
    const control = { mode: 'active', by: 'ratchet', at: '1970-01-01T00:00:00.000Z', reason: 'no one has said otherwise' };
    const one = { id: STRATEGY, status: 'Degraded', code: 'breach', reason: 'it opens nothing', tree: null, commit: null };
    const status = {
      schema: 'ratchet/engine-status/2',
      status: 'Degraded',
      reason: '',
      commit: null,
      mode: 'active',
      control,
      feed: 'running',
      strategies: [{ ...one, stage: 'paper', desiredTree: null, positions: 0 }],
    };
    await here.state.update('publish', () => new Map([[statusPath, Buffer.from(JSON.stringify(status))]]));
    const text = breachesText((await gather({ record: null })).breaches!);
    expect(text).toContain('- **Limit reached** `ema-cross`: it opens nothing\n');
    expect(text).toContain('Of the engine only what it publishes is within reach');
  });
});

describe('what became of pull requests', { timeout: 60_000 }, () => {
  it('is told from the records, and that nobody asked the forge', async () => {
    const decided = { ...OWNER, kind: 'close', head: 'd'.repeat(40), at: new Date().toISOString() } as const;
    await recordDecision(here.state, 77, decided);
    const { pulls } = await gather({ days: 60 });
    const text = pullRequestsText(pulls!);
    expect(text).toContain(`Proposed by nights:\n\n- \`${HEAD_REF}\`, night \`20260301-1\``);
    expect(text).toContain(`Merged:\n\n- \`#${here.number}\` `);
    expect(text).toContain(`Closed, as somebody decided:\n\n- \`#77\` by \`${owner}\` at `);
    expect(text).toContain('The forge was not asked: nobody named one.');
  });

  it('is told whole where the forge can be asked: what was opened, closed, refused by gates, and waits', async () => {
    const { api, world, clone } = here;
    const numbers: number[] = [];
    for (const name of ['one', 'two']) {
      await clone.git('checkout', '--quiet', '-B', `by-hand-${name}`, 'main');
      await clone.commit(`By hand ${name}`, { [`${name}.md`]: `${name}\n` });
      await clone.git('push', '--quiet', 'origin', `by-hand-${name}`);
      const pull = { owner, repo, title: name, head: `by-hand-${name}`, base: 'main' };
      numbers.push((await world.as('owner').rest.pulls.create(pull)).data.number);
    }
    await world.as('owner').rest.pulls.update({ owner, repo, pull_number: numbers[1]!, state: 'closed' });
    // What gates say has tests of its own; one is refused, and one was never judged.
    const none: Record<string, string> = {};
    const refusing = { policy: 'failure', backtest: 'success', sandbox: 'skipped', gate: 'failure' };
    const refused = (await api.pullRequest(numbers[0]!)).headSha;
    const checkConclusions: RepositoryApi['checkConclusions'] = async (head) => (head === refused ? refusing : none);
    const { pulls, breaches } = await gather({ forge: { discussions: api.discussions, checkConclusions } });
    const text = pullRequestsText(pulls!);
    expect(text).toMatch(
      new RegExp(`Opened:\n\n- \`#${here.number}\` \`${HEAD_REF}\`, by \`ratchet\\[bot\\]\` at .*\n- \`#${numbers[0]}\``),
    );
    expect(text).toContain(`Closed without a merge:\n\n- \`#${numbers[1]}\` \`by-hand-two\`, by \`${owner}\` at `);
    expect(text).toMatch(/\n1 pull request waits now\.$/);
    expect(breaches!.found.filter(({ kind }) => kind === 'gates')).toMatchObject([
      { sentence: `policy: pull request ${numbers[0]} from by-hand-one by ${owner}` },
    ]);
    here.world.contract.assertKept();
  });

  it('is told without the forge when that is away', async () => {
    const away = (): never => {
      throw new Error('connection refused');
    };
    const forge = { discussions: { proposals: away }, checkConclusions: away } as unknown as AskedForge;
    const { pulls } = await gather({ forge });
    expect(pulls!.forge).toEqual({ problem: expect.stringContaining('connection refused') });
    expect(pulls!.merged).toHaveLength(1);
  });
});
