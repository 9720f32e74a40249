import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendToNight, type Hint, readLedgerFrom, recordsOf } from '#bot/evidence/ledger.ts';
import type { RepositoryApi } from '#bot/github/repository-api.ts';
import { runNight } from '#bot/orchestrator/night.ts';
import { recordCanaries } from '#bot/orchestrator/night-ledger.ts';
import type { NightReport } from '#bot/orchestrator/night-options.ts';
import { mindOf } from '#bot/proposers/claude/mind.ts';
import { Model } from '#bot/proposers/claude/model.ts';
import { spending } from '#bot/proposers/claude/spending.ts';
import { type commitOn, createDeployment, type Deployment } from '#tests/support/deployment.ts';
import { itLong } from '#tests/support/long.ts';
import { type ModelReply, type ModelServer, startModelServer } from '#tests/support/model-server.ts';

/** What a night comes to when its model decides, refuses, fails or misbehaves: over a real SDK, a real ledger and real git. */

const PERSON = { name: 'Test', email: 'test@localhost' };
const STRATEGY = 'ema-cross';
const ANALYSIS = ['strategies/analysis/market.ts', 'strategies/analysis/trades.ts'];

let deployment: Deployment;
let server: ModelServer;
/** Main without analysis modules, whose answers are not what is tested here. */
let plain: Awaited<ReturnType<typeof commitOn>>;
let nights = 0;
beforeAll(async () => {
  server = await startModelServer();
  deployment = await createDeployment();
  const { repository, base } = deployment;
  plain = await repository.commit({
    parent: base,
    changes: new Map(ANALYSIS.map((path) => [path, null])),
    message: 'Without',
    author: PERSON,
    date: new Date(0),
  });
}, 60_000);
afterAll(async () => {
  await server.close();
  deployment.close();
});

interface Held {
  readonly report: NightReport;
  readonly opened: readonly { readonly title: string; readonly body: string; readonly headRef: string }[];
  /** Branches of the remote. */
  readonly branches: readonly string[];
  /** Tokens of the day that are spent. */
  readonly spent: number;
}

async function hold(
  replies: readonly ModelReply[],
  options: { main?: typeof plain; dailyTokens?: number; standing?: readonly object[]; hint?: Hint } = {},
): Promise<Held> {
  const { root, remote, repository, state, candles, market } = deployment;
  const { main = plain, dailyTokens = 900_000, hint } = options;
  execFileSync('git', ['-C', join(root, 'mirror.git'), 'push', '--quiet', '--force', remote, `${main}:refs/heads/main`]);
  nights += 1;
  const cycle = `20260101-${nights}`;
  const asOf = market.replayFrom + 24 * 3_600_000;
  const parentTree = (await repository.treeOf(main, `strategies/${STRATEGY}`))!;
  const plan = { cycle, strategy: STRATEGY, asOf, parentTree, proposer: 'claude', trialsPlanned: 3, seed: 1 };
  await appendToNight(state, cycle, { entries: [{ kind: 'night-began', ...plan, ...(hint === undefined ? {} : { hint }) }] });
  await recordCanaries(state, cycle, [{ canary: 'null', outcome: 'stopped', stops: [], sentence: 'It was.' }]);
  server.reply(...replies);
  const dir = join(root, 'bot', cycle);
  const log = pino({ level: 'silent' });
  const access = server.access({ modelDailyTokens: dailyTokens });
  const model = Model.open({ access, dir, clock: Date.now, log, deadlineMs: 2_000 });
  const opened: Held['opened'][number][] = [];
  const api = {
    issues: { listOpen: async () => [] },
    branches: { latestPulls: async () => [] },
    discussions: { proposals: async () => [], remarksUnder: async () => new Map() },
    listOpenPullRequests: async () => [...(options.standing ?? [])],
    findPullRequest: async () => null,
    openPullRequest: async (request: Held['opened'][number]) => {
      opened.push(request);
      return { number: opened.length, title: request.title };
    },
    label: async () => {},
    pageUrl: async () => 'http://forge.test/you/strategies',
  };
  try {
    const report = await runNight({
      strategy: STRATEGY,
      asOf,
      seed: 1,
      trials: 3,
      workers: 1,
      hint: null,
      thinkers: { name: 'claude', search: null, mind: mindOf({ model, dir, clock: Date.now, knownUntil: null, mask: 'none' }) },
      worktrees: join(root, 'nights', 'worktrees'),
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
      progress: () => {},
    });
    const refs = execFileSync('git', ['-C', remote, 'for-each-ref', '--format=%(refname:short)', 'refs/heads'], {
      encoding: 'utf8',
    });
    return { report, opened, branches: refs.trim().split('\n'), spent: tokensSpent(dir) };
  } finally {
    model.close();
  }
}

/** What the ledger keeps of a night's claim. */
async function stakeOf(cycle: string) {
  const ended = recordsOf(await readLedgerFrom(deployment.state), 'night-ended');
  return ended.find((record) => record.cycle === cycle)?.entry.stake;
}

/** Of the model's budget, over all days. */
function tokensSpent(dir: string): number {
  return spending(dir, '2000-01-01', '2999-12-31').reduce((sum, { tokens }) => sum + tokens, 0);
}

const say = (value: unknown, stopReason?: string): ModelReply => ({
  kind: 'text',
  text: typeof value === 'string' ? value : JSON.stringify(value),
  ...(stopReason === undefined ? {} : { stopReason }),
});
const wager = {
  reason: 'Fees eat what it earns.',
  hypothesis: 'Fewer trades cost less.',
  riskTier: 1,
  forecast: { measure: 'netReturn', is: 'above', value: 0, afterDays: 30, probability: 0.6 },
  killRule: { measure: 'maxDrawdown', is: 'above', value: 0.2, afterDays: 30 },
};
const TWEAK = say({ kind: 'TWEAK', ...wager });
const edit = (path: string, find: string, replace: string) => say({ changes: ['a'], edits: [{ path, find, replace }] });
/** What one answer of the server costs, as it says. */
const ANSWER_TOKENS = 1_234;

describe('a night whose model wants nothing', () => {
  it('ends with its reason', async () => {
    const { report, opened, spent } = await hold([say({ kind: 'NO_CHANGE', reason: 'Nothing asks for it.' })]);
    expect(report).toMatchObject({ decision: 'NO_CHANGE', reason: 'Nothing asks for it.', trials: 0, pullRequest: null });
    expect([opened, spent]).toEqual([[], ANSWER_TOKENS]);
  });

  it('ends, though half a character stands in what it says', async () => {
    const { report } = await hold([say('{"kind":"NO_CHANGE","reason":"A quiet night \\ud83d"}')]);
    expect(report).toMatchObject({ decision: 'NO_CHANGE', reason: 'A quiet night \uFFFD' });
  });

  it('is asked, whatever the branches of a fork are called', async () => {
    const pull = { number: 7, headRef: `evolve/${STRATEGY}/20260101-1`, isFromFork: true };
    const nothing = say({ kind: 'NO_CHANGE', reason: 'Nothing asks for it.' });
    expect((await hold([nothing], { standing: [pull] })).spent).toBe(ANSWER_TOKENS);
    const own = await hold([], { standing: [{ ...pull, isFromFork: false }] });
    expect([own.report.reason, own.spent]).toEqual([expect.stringContaining('#7'), 0]);
  });
});

describe('a wish', () => {
  const heard = async (isTold: boolean): Promise<boolean> => {
    const wish = { by: 'octo', text: 'Rather trade a quokka.', isTold };
    await hold([say({ kind: 'NO_CHANGE', reason: 'Nothing asks for it.' })], { hint: wish });
    expect(server.asked).toHaveLength(1);
    return JSON.stringify(server.asked.at(-1)).includes('quokka');
  };

  it('reaches a model when the ledger says that it may, and not otherwise', async () => {
    expect(await heard(true)).toBe(true);
    expect(await heard(false)).toBe(false);
  });
});

describe('a night whose model cannot be asked or says nothing of use', () => {
  const endsUnchanged = async (_name: string, replies: readonly ModelReply[], why: RegExp, cost: number): Promise<void> => {
    const { report, opened, branches, spent } = await hold(replies);
    expect(report).toMatchObject({ decision: 'NO_CHANGE', trials: 0, pullRequest: null });
    expect(report.reason).toMatch(why);
    expect([opened, branches, spent]).toEqual([[], ['main', 'ratchet/state'], cost]);
  };
  const cases: readonly [string, readonly ModelReply[], RegExp, number][] = [
    ['is overloaded', [{ kind: 'error', status: 529, type: 'overloaded_error' }], /overloaded/, 0],
    [
      'takes no more requests for long',
      [{ kind: 'error', status: 429, type: 'rate_limit_error', headers: { 'retry-after': '120' } }],
      /takes no more requests.*2 minutes/s,
      0,
    ],
    ['has trouble', [{ kind: 'error', status: 500, type: 'api_error' }], /trouble of its own/, 0],
    ['refuses the key', [{ kind: 'error', status: 401, type: 'authentication_error' }], /refused the key/, 0],
    ['refuses', [say('No.', 'refusal')], /refused to answer/, ANSWER_TOKENS],
    ['has more to say than it may', [say('{"kind":"NO', 'max_tokens')], /more to say/, ANSWER_TOKENS],
    ['says what is no JSON, three times', [say('Buy low, sell high.')], /of no use/, 3 * ANSWER_TOKENS],
    ['says what does not fit, three times', [say({ kind: 'MERGE', number: 1 })], /of no use/, 3 * ANSWER_TOKENS],
  ];
  const often = /is overloaded|^refuses$|no JSON/;
  const title = 'ends in NO_CHANGE when it %s, says why, and has counted what it cost';
  it.each(cases.filter(([name]) => often.test(name)))(title, endsUnchanged, 60_000);
  itLong.each(cases.filter(([name]) => !often.test(name)))(title, endsUnchanged, 60_000);

  itLong.each<[string, ModelReply]>([
    ['breaks off', { kind: 'cut', where: 'midway' }],
    ['falls silent', { kind: 'silence', where: 'before' }],
  ])('counts the most it can have cost when it %s', async (_name, reply) => {
    const { report, opened, spent } = await hold([reply]);
    expect(report).toMatchObject({ decision: 'NO_CHANGE', pullRequest: null });
    expect(opened).toEqual([]);
    expect(spent).toBeGreaterThan(ANSWER_TOKENS);
  });

  itLong('asks nothing when the day has not tokens enough', async () => {
    const { report, spent } = await hold([TWEAK], { dailyTokens: 2_000 });
    expect(report.reason).toContain('modelDailyTokens');
    expect([spent, server.asked.length]).toEqual([0, 0]);
  });
});

describe('code that a model writes', () => {
  const isRefused = async (_name: string, reply: ModelReply, why: RegExp): Promise<void> => {
    const { report, opened, branches } = await hold([TWEAK, reply]);
    expect(report).toMatchObject({ decision: 'NO_CHANGE', pullRequest: null });
    expect(report.reason).toMatch(why);
    expect([opened, branches]).toEqual([[], ['main', 'ratchet/state']]);
    expect(server.asked).toHaveLength(4);
  };
  const attack = edit('strategy.ts', 'const weight = 0.45;', "const weight = Number(fetch('http://127.0.0.1'));");
  it('that attacks is told so twice, and then nothing is proposed', () => isRefused('attacks', attack, /fetch/), 60_000);
  itLong.each<[string, ModelReply, RegExp]>([
    ['does not compile', edit('strategy.ts', 'export default', 'export defualt'), /strategy\.ts/],
    ['raises its own stage', edit('manifest.yaml', 'stage: paper', 'stage: live'), /only people change it/],
  ])('that %s is told so twice, and then nothing is proposed', isRefused, 60_000);
});

describe('a night whose model wants something else', () => {
  it('proposes to retire a strategy, which takes its folder away and nothing else', async () => {
    const { report, opened } = await hold([say({ kind: 'RETIRE', ...wager, riskTier: 3 })]);
    expect(report).toMatchObject({ decision: 'RETIRE', reason: wager.reason });
    expect(opened).toMatchObject([{ title: 'Retire ema-cross: Fewer trades cost less.' }]);
    expect(opened[0]!.body).toContain('**A person merges it**');
    const { hypothesis, forecast, killRule } = wager;
    expect(await stakeOf(report.cycle)).toEqual({ hypothesis, riskTier: 3, forecast, killRule });
    expect(await changesOf(opened[0]!.headRef)).toEqual([
      'strategies/ema-cross/manifest.yaml',
      'strategies/ema-cross/strategy.ts',
    ]);
  });

  it('proposes no ending that policy denies to the bot, since no person could merge it', async () => {
    const { repository } = deployment;
    const path = 'strategies/ema-cross/manifest.yaml';
    const manifest = Buffer.from((await repository.readFile(plain, path))!).toString();
    const changes = new Map([[path, Buffer.from(manifest.replace('stage: paper', 'stage: canary'))]]);
    const main = await repository.commit({ parent: plain, changes, message: 'With money', author: PERSON, date: new Date(0) });
    const { report, opened } = await hold([say({ kind: 'RETIRE', ...wager, riskTier: 3 })], { main });
    expect(report).toMatchObject({ decision: 'NO_CHANGE', reason: expect.stringContaining(wager.reason) });
    expect(report.reason).toContain('Only a person may propose to retire a strategy that trades money.');
    expect(opened).toEqual([]);
  });

  it('proposes another way to look, once it answers in the sandbox, and nothing that trades', async () => {
    const current = readFileSync(ANALYSIS[1]!, 'utf8');
    const decided = {
      kind: 'ANALYSIS',
      module: 'trades',
      reason: 'Hours are not told apart.',
      hypothesis: 'Hours differ.',
      riskTier: 2,
    };
    const broken = say({ changes: ['nothing'], text: current.replace('defineAnalysis({', 'defineAnalysis({{') });
    const mended = say({ changes: ['a note at its end'], text: `${current}\n// Hours are told apart.\n` });
    const { report, opened } = await hold([say(decided), broken, mended], { main: deployment.base });
    expect(report).toMatchObject({ decision: 'ANALYSIS', reason: decided.reason });
    expect(await stakeOf(report.cycle)).toEqual({ hypothesis: 'Hours differ.', riskTier: 2, forecast: null, killRule: null });
    expect(opened[0]!.body).toContain('nothing that trades');
    expect(await changesOf(opened[0]!.headRef)).toEqual([ANALYSIS[1]]);
  });
});

async function changesOf(branch: string): Promise<readonly string[]> {
  const { repository } = deployment;
  await repository.fetch();
  const changes = await repository.diff(await repository.require('main'), await repository.require(branch));
  return changes.map(({ path }) => path).toSorted();
}
