import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendToNewest, ledgerPath } from '#bot/evidence/ledger.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import { FINAL_GATE, GATE_NAMES } from '#bot/gates/outcome.ts';
import type { CheckRun } from '#bot/github/checks-api.ts';
import type { PullRequest } from '#bot/github/repository-api.ts';
import { type Decision, decisionsPath, recordDecision } from '#bot/orchestrator/life/decisions.ts';
import { logMerge, mergeLogPath } from '#bot/orchestrator/life/merge-log.ts';
import { auditTrail } from '#bot/records/audit-trail.ts';
import { canonicalJson, digestOf } from '#engine/attestation/canonical.ts';
import { sign } from '#engine/attestation/envelope.ts';
import { createKeyPair, loadPrivateKey } from '#engine/attestation/keys.ts';
import { createStatement, statementPath } from '#engine/attestation/statement.ts';
import type { CommitHash, TreeHash } from '#engine/repository/repository.ts';
import { StateBranch } from '#engine/repository/state-branch.ts';
import { type EngineStatus, statusPath, statusText } from '#engine/runtime/status.ts';
import {
  CYCLE,
  commitOn,
  createDeployment,
  type Deployment,
  makeEvidence,
  proposalOf,
  shippedFiles,
} from '#tests/support/deployment.ts';
import { ratchetHere } from '#tests/support/ratchet-here.ts';

const NUMBER = 12;
const FOLDER = 'strategies/ema-cross';
const OPENED = '2026-01-01T06:00:00Z';
const MERGED = '2026-01-01T07:00:00Z';

let deployment: Deployment;
/** A minute later at each commit on the state branch. */
let state: StateBranch;
let now = Date.UTC(2026, 0, 1, 6);
let pack: Pack;
let head: CommitHash;
let tree: TreeHash;
let merged: CommitHash;

const put = (path: string, text: string | null) =>
  state.update('put', () => new Map([[path, text === null ? null : Buffer.from(text)]]));

/** Changes a file of the state branch for as long as something is looked at, and puts back what stood there, in its history too. */
async function withFile<T>(path: string, text: string | null, look: () => Promise<T>): Promise<T> {
  const before = state.commit!;
  await put(path, text);
  try {
    return await look();
  } finally {
    const { repository } = deployment;
    await repository.push('ratchet/state', before, { expect: state.commit });
    await state.refresh();
  }
}

const trail = (checksOn: ((commit: string) => Promise<readonly CheckRun[]>) | null = null) =>
  auditTrail(NUMBER, { repository: deployment.repository, state }, checksOn);
const troublesWith = async (path: string, text: string | null) => (await withFile(path, text, () => trail())).troubles;

async function statementBy(pem: string | null, about: TreeHash): Promise<string> {
  const { repository, base, gateKey } = deployment;
  const key = pem === null ? createKeyPair().privateKey : await loadPrivateKey(gateKey);
  const statement = createStatement({
    claim: {
      kind: 'gates',
      strategy: 'ema-cross',
      head,
      base,
      gates: { gate: 'success' },
      evidence: digestOf(canonicalJson(pack)),
    },
    tree: about,
    policyTree: (await repository.treeOf(base, 'policies'))!,
    verifier: 'ratchet gate',
    timeVerified: now,
  });
  return canonicalJson(sign(statement, key));
}

function statusOf(commit: string, runs: string): string {
  const strategies: EngineStatus['strategies'] = [
    {
      id: 'ema-cross',
      status: 'Synced',
      code: 'running',
      reason: '',
      tree: runs,
      commit,
      stage: 'paper',
      desiredTree: runs,
      positions: 0,
    },
  ];
  const control = { mode: 'active', by: 'nobody', at: '1970-01-01T00:00:00.000Z', reason: '' };
  const parts = { status: 'Synced', reason: '', commit, control, mode: 'active', feed: 'running', strategies } as const;
  return statusText({ schema: 'ratchet/engine-status/2', ...parts } as EngineStatus);
}

const decision = (kind: Decision['kind'], about: string, comment: number): Decision => {
  const at = new Date(now).toISOString();
  return { kind, by: 'ada', permission: 'maintain', comment, head: about, at };
};

beforeAll(async () => {
  deployment = await createDeployment();
  const { repository, base, gateKey } = deployment;
  state = await StateBranch.open({
    repository,
    author: { name: 'Ratchet', email: 'ratchet@localhost' },
    clock: () => {
      now += 60_000;
      return now;
    },
  });
  const files = shippedFiles('ema-cross');
  files.set('manifest.yaml', files.get('manifest.yaml')!.replace('volumeRatio: 1', 'volumeRatio: 1.8'));
  pack = await makeEvidence({ ...deployment, state }, files);
  head = await proposalOf(deployment, files, pack);
  tree = (await repository.treeOf(head, FOLDER))!;
  await repository.push(`refs/pull/${NUMBER}/head`, head);
  const opening = { opening: 1, strategy: 'ema-cross', tree, pair: digestOf('pair'), alpha: 0.1, daysPerOpening: 30 } as const;
  await appendToNewest(state, () => [{ kind: 'vault-opened', ...opening, level: 0.05, until: now }]);
  await appendToNewest(state, () => [{ kind: 'vault-answered', opening: 1, answer: 'pass' }]);
  await put(statementPath(tree), await statementBy(gateKey, tree));
  await recordDecision(state, NUMBER, decision('approve', head, 1));
  await recordDecision(state, NUMBER, decision('merge', head, 2));
  const paths = (await repository.diff(base, head)).map(({ path }) => path);
  const changes = await repository.readFiles(head, paths);
  const date = new Date(MERGED);
  const author = { name: 'Ratchet', email: 'ratchet@localhost' };
  merged = await repository.commit({ parent: base, changes, message: `Better (#${NUMBER})`, author, date });
  await repository.push('main', merged);
  const gates = Object.fromEntries([...GATE_NAMES, FINAL_GATE].map((name) => [name, 'success']));
  const pull: PullRequest = {
    number: NUMBER,
    url: 'x',
    title: 'Better',
    body: '',
    isFromFork: false,
    author: 'ratchet[bot]',
    headRef: 'evolve/ema-cross/20260101-1',
    headSha: head,
    baseRef: 'main',
    baseSha: base,
    state: 'closed',
    isMerged: true,
    mergeCommit: merged,
  };
  const api = {
    branches: { mergeOf: async () => ({ mergedBy: 'ratchet[bot]', mergedAt: MERGED, openedAt: OPENED }) },
    checkConclusions: async () => gates,
  };
  now = Date.parse(MERGED);
  const logging = { api, repository, state, botLogin: 'ratchet[bot]', clock: () => now } as never;
  await logMerge(pull, logging);
  await put(statusPath, statusOf(base, (await repository.treeOf(base, FOLDER))!));
  await put(statusPath, statusOf(merged, tree));
}, 120_000);
afterAll(() => deployment.close());

describe('the audit trail of a pull request', () => {
  it('tells who or what did each step, in order, with times and digests, and finds nothing amiss', async () => {
    const { steps, troubles, ...rest } = await trail();
    expect(troubles).toEqual([]);
    expect(rest).toEqual({ number: NUMBER, head, merged, checks: 'not-asked' });
    const times = steps.map(({ at }) => Date.parse(at!));
    expect(times).toEqual(times.toSorted((left, right) => left - right));
    const found = (what: RegExp) => steps.find((step) => what.test(step.what))!;
    expect(found(/^committed: /)).toMatchObject({ who: 'Test <test@localhost>', source: 'commit', digests: { commit: head } });
    expect(found(/^night 20260101-1 began: ema-cross until/)).toMatchObject({ source: ledgerPath(CYCLE) });
    expect(found(/^1 trial ended: 1 scored, 0 refused$/).digests.line).toMatch(/^sha256:/);
    expect(found(/^question 1 answered: above$/)).toBeDefined();
    expect(found(/^vault opened for it, opening 1$/).digests).toMatchObject({ tree });
    expect(found(/^vault answered opening 1: pass$/)).toBeDefined();
    expect(found(/^night ended: TWEAK$/)).toBeDefined();
    expect(found(/^signed ema-cross \(passed gate\)/)).toMatchObject({
      who: expect.stringMatching(/^key sha256:/),
      digests: {
        tree,
        evidence: digestOf(canonicalJson(pack)),
        policy: await deployment.repository.treeOf(deployment.base, 'policies'),
      },
    });
    expect(found(/^decided: approve \(maintain, comment 1\)$/)).toMatchObject({ who: '@ada', digests: { head } });
    expect(found(/^merged, by the decision of @ada \(maintain\); gates then: .*gate success/)).toMatchObject({
      at: new Date(MERGED).toISOString(),
      who: '@ratchet[bot]',
      digests: { commit: merged, head, base: deployment.base, 'ema-cross': tree },
    });
    expect(found(/^engine Synced: ema-cross runs$/)).toMatchObject({ source: statusPath, digests: { tree, main: merged } });
  });

  it('dates what stands on the state branch by the commits that brought it', async () => {
    const { steps } = await trail();
    const history = await deployment.repository.history(state.commit!, decisionsPath(NUMBER));
    expect(steps.filter(({ what }) => what.startsWith('decided')).map(({ at }) => Date.parse(at!))).toEqual(
      history.map(({ committedAt }) => committedAt),
    );
  });

  it('says when the engine left what was merged', async () => {
    const other = (await deployment.repository.treeOf(deployment.base, FOLDER))!;
    const { steps, troubles } = await withFile(statusPath, statusOf(merged, other), () => trail());
    expect(troubles).toEqual([]);
    expect(steps.at(-1)).toMatchObject({ what: 'engine ema-cross left: another version runs', digests: { tree: other } });
  });

  it('takes check runs in when a forge can be asked, those of other apps by their names', async () => {
    const run = (name: string, app: string, conclusion: string): CheckRun => {
      return { name, app, conclusion, startedAt: OPENED, completedAt: OPENED };
    };
    const asked: string[] = [];
    const { steps, checks, troubles } = await trail(async (commit) => {
      asked.push(commit);
      return [run('audit', 'ratchet', 'success'), run('lint', 'stranger', 'failure')];
    });
    expect([asked, checks, troubles]).toEqual([[head], 'asked', []]);
    expect(steps.filter(({ source }) => source === 'checks').map(({ who, what }) => `${who} ${what}`)).toEqual([
      'ratchet check audit: success',
      'stranger check lint: failure',
    ]);
    const other = await trail(async () => [run('audit', 'ratchet', 'failure')]);
    expect(other.troubles).toEqual(['checks: The merge log has audit as success.']);
  });
});

describe('what is missing, contradictory or not verifiable', () => {
  it.each<[string, () => Promise<readonly string[]>, RegExp]>([
    ['a merge without a statement', () => troublesWith(statementPath(tree), null), /Nobody vouches for it/],
    [
      'a statement over another tree',
      async () => troublesWith(statementPath(tree), await statementBy(deployment.gateKey, 'f'.repeat(40) as TreeHash)),
      /about tree f{40}, not/,
    ],
    [
      'a statement by a key that main does not have',
      async () => troublesWith(statementPath(tree), await statementBy(null, tree)),
      /No trusted key signed this/,
    ],
    [
      'a decision about another head',
      async () => {
        const text = JSON.parse((await state.readText(decisionsPath(NUMBER)))!);
        const decisions = [...text.decisions, decision('promote', 'a'.repeat(40), 3)];
        return troublesWith(decisionsPath(NUMBER), canonicalJson({ ...text, decisions }));
      },
      /It was decided about a{12}, not about/,
    ],
    [
      'a decision that was taken away',
      async () => {
        const text = JSON.parse((await state.readText(decisionsPath(NUMBER)))!);
        return troublesWith(decisionsPath(NUMBER), canonicalJson({ ...text, decisions: text.decisions.slice(0, 1) }));
      },
      /names a decision that the decisions do not have/,
    ],
    ['a merge that was not written down', () => troublesWith(mergeLogPath(NUMBER), null), /A commit on main bears its number/],
    [
      'a merge record that was changed',
      async () => {
        const record = JSON.parse((await state.readText(mergeLogPath(NUMBER)))!);
        return troublesWith(mergeLogPath(NUMBER), canonicalJson({ ...record, gates: { ...record.gates, audit: 'failure' } }));
      },
      /although not every gate had passed: audit,failure/,
    ],
    [
      'a merge record that names a commit which is not on main',
      async () => {
        const record = JSON.parse((await state.readText(mergeLogPath(NUMBER)))!);
        return troublesWith(mergeLogPath(NUMBER), canonicalJson({ ...record, commit: head }));
      },
      /which is not on main/,
    ],
    [
      'a ledger that was cut',
      async () => troublesWith(ledgerPath(CYCLE), (await state.readText(ledgerPath(CYCLE)))!.slice(0, -9)),
      /the last line is cut off/,
    ],
  ])('is shown as such: %s', async (_name, look, expected) => {
    expect((await look()).join('\n')).toMatch(expected);
  });

  it('shows a number that nothing speaks of as an error that says where to look', async () => {
    const asked = auditTrail(99, { repository: deployment.repository, state }, null);
    await expect(asked).rejects.toMatchObject({ code: 'records/unknown', message: expect.stringContaining('#99') });
  });

  it('shows a head that is not here, as in a clone that has not fetched it', async () => {
    const gone = 'b'.repeat(40);
    const text = canonicalJson({ schema: 'ratchet/decisions/1', pullRequest: 13, decisions: [decision('approve', gone, 4)] });
    const found = await withFile(decisionsPath(13), text, () =>
      auditTrail(13, { repository: deployment.repository, state }, null),
    );
    expect(found.troubles).toEqual([expect.stringContaining('is not in this repository: git fetch origin refs/pull/13/head')]);
  });
});

describe('ratchet audit-trail', () => {
  const here = (...more: string[]) =>
    ratchetHere('audit-trail', String(NUMBER), '--repository', deployment.repository.dir, ...more);

  it('prints the trail, says that checks were not asked for, and exits 0', async () => {
    const { code, stdout } = await here();
    expect(code).toBe(0);
    for (const part of [
      `#${NUMBER} at ${head.slice(0, 12)}, merged as ${merged.slice(0, 12)}.`,
      'Check runs were not asked for: --api-url does.',
      'Nothing is missing, and nothing contradicts.',
    ])
      expect(stdout).toContain(part);
    expect(JSON.parse((await here('--json')).stdout)).toMatchObject({ number: NUMBER, troubles: [] });
  });

  it('exits 1 when something is amiss, and says what', async () => {
    const { code, stdout } = await withFile(statementPath(tree), null, () => here());
    expect(code).toBe(1);
    expect(stdout).toMatch(/1 trouble:\n {2}✘ statements\/\S+: Nobody vouches for it/);
  });

  it('refuses what is no number, and an API without repository or token', async () => {
    expect(await ratchetHere('audit-trail', 'x', '--repository', deployment.repository.dir)).toMatchObject({ code: 2 });
    expect(await here('--api-url', 'http://127.0.0.1:1')).toMatchObject({ code: 2 });
  });

  it('does not let the name of an author move the cursor', async () => {
    const { repository } = deployment;
    const author = { name: 'Eve\u001b[2K', email: 'eve@localhost' };
    const commit = await repository.commit({
      parent: await commitOn(deployment, new Map([['notes.md', 'x']])),
      changes: new Map([['notes.md', Buffer.from('y')]]),
      message: 'By hand',
      author,
      date: new Date(OPENED),
    });
    await repository.push('refs/pull/14/head', commit);
    const { stdout } = await ratchetHere('audit-trail', '14', '--repository', repository.dir);
    expect(stdout).toContain('Eve[U+001B][2K');
  });
});
