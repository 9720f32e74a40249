import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Octokit } from '@octokit/rest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendToNight, type LedgerRecord, readLedgerFrom, recordsOf } from '#bot/evidence/ledger.ts';
import { startForge } from '#bot/forge/forge.ts';
import { recordCanaries } from '#bot/orchestrator/night-ledger.ts';
import { nightBranch } from '#bot/orchestrator/night-work/night-state.ts';
import { spending } from '#bot/proposers/claude/spending.ts';
import { createLog } from '#engine/log.ts';
import { Repository } from '#engine/repository/repository.ts';
import { StateBranch } from '#engine/repository/state-branch.ts';
import { preparedKeys } from '#tests/support/app-keys.ts';
import { deadlyGit, type Moment } from '#tests/support/deadly-git.ts';
import { createDeployment, type Deployment } from '#tests/support/deployment.ts';
import { isLong } from '#tests/support/long.ts';
import { type ModelReply, type ModelServer, startModelServer } from '#tests/support/model-server.ts';
import { type Ended, RatchetProcess } from '#tests/support/ratchet-process.ts';

/**
 * `ratchet night` as people run it, killed with SIGKILL at the very commit that ends a stage and run again, once for each stage: at
 * the end the same must have come of it as of a night that nobody disturbed.
 */

const STRATEGY = 'ema-cross';
const CYCLE = '20260101-1';
const PERSON = { name: 'Test', email: 'test@localhost' };
const repo = { owner: 'you', repo: 'strategies' };
const permissions = { contents: 'write', pull_requests: 'write', issues: 'write', checks: 'write' } as const;
type Who = 'evolution' | 'claude';
const TRIALS = 12;

let deployment: Deployment;
let model: ModelServer;
const places: Place[] = [];
beforeAll(async () => {
  model = await startModelServer();
  deployment = await createDeployment();
}, 120_000);
afterAll(async () => {
  for (const place of places) await place.close();
  await model?.close();
  deployment?.close();
}, 60_000);

/** A forge with the deployment on it, and a workspace for nights against it. */
async function createPlace(name: string, who: Who) {
  const dir = join(deployment.root, name);
  const workspace = join(dir, 'var');
  mkdirSync(workspace, { recursive: true });
  const forge = await startForge({ dir: join(dir, 'forge'), port: 0, log: createLog('error'), newKeys: preparedKeys() });
  forge.createUser({ login: repo.owner });
  forge.createRepository({ owner: repo.owner, name: repo.repo, defaultBranch: 'main', visibility: 'private' });
  const remoteUrl = `${forge.url}/${repo.owner}/${repo.repo}.git`;
  const token = forge.createToken(repo.owner);
  const authorization = `Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;
  // This very process answers the push, so it must not stand still meanwhile.
  const push = ['push', '--quiet', remoteUrl, 'refs/heads/*:refs/heads/*'];
  await promisify(execFile)('git', ['-C', deployment.remote, '-c', `http.extraHeader=Authorization: ${authorization}`, ...push]);
  const hook = { webhookUrl: '', webhookSecret: 'never sent anywhere' };
  const app = forge.registerApp({ slug: 'ratchet', name: 'Ratchet', permissions, events: [], ...hook });
  forge.installApp(app.appId, repo.owner, repo.repo);
  const repository = await Repository.openMirror({ dir: join(dir, 'look.git'), remoteUrl, authorization: () => authorization });
  await repository.fetch();
  const state = await StateBranch.open({ repository, author: PERSON, clock: () => 0 });
  await beginNight(state, who);
  const config = join(dir, 'ratchet.yaml');
  const apiUrl = `${forge.url}/api/v3`;
  const asked = who === 'evolution' ? {} : { model: 'claude-test-1', modelBaseUrl: model.url };
  const settings = { repository: `${repo.owner}/${repo.repo}`, apiUrl, workspace, proposer: who, ...asked };
  writeFileSync(config, JSON.stringify({ ...settings, candles: join(deployment.root, 'candles') }));
  const git = deadlyGit(join(dir, 'bin'));
  const env = {
    PATH: git.PATH,
    RATCHET_APP_ID: String(app.appId),
    RATCHET_PRIVATE_KEY: app.privateKeyPem,
    RATCHET_WEBHOOK_SECRET: 'a secret of the tests',
    ...(who === 'evolution' ? {} : { ANTHROPIC_API_KEY: model.key }),
  };
  const github = new Octokit({ baseUrl: apiUrl, auth: token });
  const flags = ['--config', config, '--trials', String(TRIALS), '--workers', '1', '--json'];
  const hold = (): Promise<Ended> => new RatchetProcess(['night', ...flags], env).ended;
  return {
    hold,
    /** The night until that moment, which is its last. */
    holdUntil: async (moment: Moment): Promise<void> => {
      git.killAt(moment);
      const { stdout, stderr } = await hold();
      expect(git.hasStruck(), `${moment.when} ${moment.what} never came:\n${stderr}`).toBe(true);
      expect(stdout).toBe('');
    },
    /** What the branch of the night's worktree says was done, oldest first. */
    commits: (): readonly string[] =>
      execFileSync('git', ['-C', join(workspace, 'night', 'mirror.git'), 'log', '--reverse', '--format=%s', nightBranch(CYCLE)], {
        encoding: 'utf8',
      })
        .trim()
        .split('\n')
        .filter((subject) => subject.includes(CYCLE) || subject.startsWith('Keep answer')),
    ledger: async (): Promise<readonly LedgerRecord[]> => {
      await state.refresh();
      return (await readLedgerFrom(state)).entries;
    },
    pulls: async () => (await github.rest.pulls.list({ ...repo, state: 'all' })).data,
    spent: () => spending(join(workspace, 'bot'), '2000-01-01', '2999-12-31'),
    close: () => forge.close(),
  };
}
type Place = Awaited<ReturnType<typeof createPlace>>;

/** A night that has begun and whose canaries, which know nothing of stages, have flown. */
async function beginNight(state: StateBranch, who: Who): Promise<void> {
  const { repository, market, base } = deployment;
  const asOf = market.replayFrom + 24 * 3_600_000;
  const parentTree = (await repository.treeOf(base, `strategies/${STRATEGY}`))!;
  const plan = { cycle: CYCLE, strategy: STRATEGY, asOf, parentTree, proposer: who, trialsPlanned: TRIALS, seed: 7 };
  await appendToNight(state, CYCLE, { entries: [{ kind: 'night-began', ...plan }] });
  await recordCanaries(state, CYCLE, [{ canary: 'null', outcome: 'stopped', stops: [], sentence: 'It was.' }]);
}

const say = (value: unknown): ModelReply => ({ kind: 'text', text: JSON.stringify(value) });
const REPLIES = [
  say({
    kind: 'TWEAK',
    reason: 'Fees eat what it earns.',
    hypothesis: 'Fewer trades cost less.',
    riskTier: 1,
    forecast: { measure: 'netReturn', is: 'above', value: 0, afterDays: 30, probability: 0.6 },
    killRule: { measure: 'maxDrawdown', is: 'above', value: 0.2, afterDays: 30 },
  }),
  say({
    changes: ['volumeRatio: 1 → 1.8'],
    edits: [{ path: 'manifest.yaml', find: 'volumeRatio: 1', replace: 'volumeRatio: 1.8' }],
  }),
  say({ change: 'It asks for more volume.', findings: [] }),
];

/**
 * Every commit of a night, and what lies between them: a batch that is announced and not run, a question that is asked and not answered, a
 * branch without a pull request, a pull request without an end.
 */
function momentsOf(commits: readonly string[]): readonly Moment[] {
  const stages = commits.filter((subject) => !subject.includes(' ends: '));
  const after = (what: string): Moment => ({ when: 'after', what });
  const asMoments = stages.flatMap((subject) => {
    const moment = after(`commit ${subject}`);
    return /: (?:create|examine-1)$/.test(subject) ? [after('push *ratchet/state*'), moment] : [moment];
  });
  return [...asMoments, after('push *evolve/*'), { when: 'before', what: 'push *ratchet/state*' }];
}

const cases: readonly [Who, number, (commits: readonly string[]) => readonly Moment[]][] = isLong
  ? [
      ['evolution', 5, momentsOf],
      ['claude', 9, momentsOf],
    ]
  : // The dearest moment: what a model wrote is paid for, and not yet tried.
    [['claude', 9, () => [{ when: 'after', what: 'commit Keep answer 1 of create' }]]];

describe.each(cases)('a night by %s', (who, commitsMin, momentsFor) => {
  it('that is killed comes to what it would have come to: nothing lost, nothing done, paid or counted twice', async () => {
    const calm = await createPlace(`${who}-calm`, who);
    places.push(calm);
    model.reply(...REPLIES);
    const undisturbed = await calm.hold();
    expect(undisturbed.code, undisturbed.stderr).toBe(0);
    const commits = calm.commits();
    expect(commits.length, commits.join('\n')).toBeGreaterThan(commitsMin);
    const asked = model.asked.length;

    const stormy = await createPlace(`${who}-stormy`, who);
    places.push(stormy);
    model.reply(...REPLIES);
    for (const moment of momentsFor(commits)) await stormy.holdUntil(moment);
    const last = await stormy.hold();
    expect(last.code, last.stderr).toBe(0);

    expect(stormy.commits()).toEqual(commits);
    const [lines, expected] = [await stormy.ledger(), await calm.ledger()];
    expect(recordsOf({ entries: lines }, 'night-began')).toHaveLength(1);
    expect(recordsOf({ entries: lines }, 'night-ended')).toHaveLength(1);
    // Hash by hash: the same trials, questions, answers and end, in the same order.
    expect(lines.map(({ hash, entry }) => ({ hash, entry }))).toEqual(expected.map(({ hash, entry }) => ({ hash, entry })));
    expect(model.asked).toHaveLength(asked);
    expect(new Set(model.asked.map(({ body }) => JSON.stringify(body))).size).toBe(asked);
    expect(stormy.spent()).toEqual(calm.spent());
    const titles = (await calm.pulls()).map(({ title, head }) => [title, head.ref]);
    expect(titles).toHaveLength(1);
    expect((await stormy.pulls()).map(({ title, head }) => [title, head.ref])).toEqual(titles);
  }, 900_000);
});
