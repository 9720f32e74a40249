import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Octokit } from '@octokit/rest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, RatchetProcess, temporaryFolder } from '#tests/support/ratchet-process.ts';

/** One working day of somebody who reviews, as they see it: REST, pages and git over HTTP, and nothing else. */

const folder = temporaryFolder('day');
const repo = { owner: 'you', repo: 'strategies' };
let ratchet: RatchetProcess;
let url: string;
let tokens: { you: string; stranger: string };
let github: Octokit;
/** The night's pull request and the head it was opened with. */
let number: number;
let head: string;

beforeAll(async () => {
  const args = ['up', '--workspace', join(folder.path, 'var'), '--port', '0', '--seed', '7', '--trials', '30', '--pace', '100'];
  ratchet = new RatchetProcess([...args, '--autonomy', 'propose', '--person', 'stranger=read']);
  const [, owner] = await ratchet.says(/Sign in as the owner: (\S+)/, 240_000);
  const [, stranger] = await ratchet.says(/Sign in as stranger: (\S+)/, 5_000);
  url = new URL(owner!).origin;
  tokens = { you: await signIn(owner!), stranger: await signIn(stranger!) };
  github = as('you');
}, 260_000);

afterAll(async () => {
  if (ratchet !== undefined) await ratchet.kill('SIGINT');
  folder.remove();
}, 30_000);

async function signIn(link: string): Promise<string> {
  const answer = await fetch(link, { redirect: 'manual' });
  return answer.headers.get('set-cookie')!.match(/=([^;]+)/)![1]!;
}

const as = (person: keyof typeof tokens): Octokit => new Octokit({ baseUrl: `${url}/api/v3`, auth: tokens[person] });

/** Comments, and gives the one answer once it says what is awaited. */
async function say(body: string, { under = number, by = github, until = /^(?!⏳)/ } = {}): Promise<string> {
  const { data: comment } = await by.rest.issues.createComment({ ...repo, issue_number: under, body });
  const mark = `ratchet:answer:${comment.id} `;
  return eventually(
    `an answer to ${body}`,
    async () => {
      const comments = await github.paginate(github.rest.issues.listComments, { ...repo, issue_number: under, per_page: 100 });
      const answers = comments.filter((item) => item.user?.login === 'ratchet[bot]' && item.body?.includes(mark));
      expect(answers.length).toBeLessThanOrEqual(1);
      const text = answers[0]?.body ?? '';
      return text !== '' && until.test(text) && text;
    },
    120_000,
  );
}

const pullRequest = async (which = number) => (await github.rest.pulls.get({ ...repo, pull_number: which })).data;

const gateOf = (ref: string): Promise<string> =>
  eventually(
    `the gates of ${ref}`,
    async () => {
      const { data } = await github.rest.checks.listForRef({ ...repo, ref, check_name: 'gate' });
      return data.check_runs[0]?.conclusion;
    },
    120_000,
  );

/** A file of the state branch. */
async function stateFile(path: string): Promise<unknown> {
  const { data } = await github.rest.repos.getContent({ ...repo, path, ref: 'ratchet/state', mediaType: { format: 'raw' } });
  return JSON.parse(String(data));
}

const engineStatus = async () =>
  (await stateFile('status.json')) as {
    status: string;
    commit: string;
    reason: string;
    strategies: { tree: string; code: string }[];
  };

const statusAt = (commit: string, state: string) =>
  eventually(
    `the engine ${state} at ${commit}`,
    async () => {
      const status = await engineStatus();
      return status.status === state && status.commit === commit && status;
    },
    60_000,
  );

/** git as a person with a clone. */
function git(...args: string[]): string {
  const basic = Buffer.from(`you:${tokens.you}`).toString('base64');
  const config = [`http.extraHeader=Authorization: Basic ${basic}`, 'user.name=you', 'user.email=you@localhost'];
  return execFileSync('git', [...config.flatMap((entry) => ['-c', entry]), ...args], {
    cwd: folder.path,
    stdio: 'pipe',
    encoding: 'utf8',
  }).trim();
}

describe("a reviewer's day", { timeout: 200_000 }, () => {
  it('begins with a pull request of the night, green and not merged: that is theirs to do', async () => {
    const { data: pulls } = await github.rest.pulls.list({ ...repo, state: 'open' });
    expect(pulls).toHaveLength(1);
    ({ number } = pulls[0]!);
    head = pulls[0]!.head.sha;
    expect(await gateOf(head)).toBe('success');
    expect((await pullRequest()).merged).toBe(false);
  });

  it('has a dashboard that lists it, kept by the bot', async () => {
    const dashboard = await eventually('the dashboard', async () => {
      const { data } = await github.rest.issues.listForRepo({ ...repo, labels: 'ratchet:dashboard', creator: 'ratchet[bot]' });
      return data[0]?.body?.includes(`ratchet:do retest ${number}`) && data[0];
    });
    expect(dashboard.body).toContain('ema-cross');
  });

  it('shows what other parameters would have done, and what is held out stays so', async () => {
    expect(await say('/backtest fee-rate=0.002')).toMatch(/Result id `sha256:[0-9a-f]{64}`/);
    expect(await say('/backtest to=2030-01-01')).toContain('are held out');
    expect(await say('/explain')).toContain('**allowed**');
  });

  it('refuses a stranger, in public', async () => {
    const said = await say(`/merge ${head}`, { by: as('stranger') });
    expect(said).toContain('@stranger, `/merge` needs the permission **write**');
    expect((await pullRequest()).merged).toBe(false);
  });

  it('does not merge a head that moved since it was read, nor approve of it', async () => {
    const branch = (await pullRequest()).head.ref;
    git('clone', '--quiet', `${url}/you/strategies.git`, 'clone');
    git('-C', 'clone', 'checkout', '--quiet', branch);
    writeFileSync(join(folder.path, 'clone', 'strategies/ema-cross/notes.md'), 'Slipped in.\n');
    git('-C', 'clone', 'add', '.');
    git('-C', 'clone', 'commit', '--quiet', '-m', 'Slip something in');
    git('-C', 'clone', 'push', '--quiet', 'origin', branch);
    const moved = git('-C', 'clone', 'rev-parse', 'HEAD');
    for (const command of ['/merge', '/approve']) {
      const said = await say(`${command} ${head}`);
      expect(said).toContain('is not at that commit');
      expect(said).toContain(moved);
    }
    expect((await pullRequest()).merged).toBe(false);
    // Taken back with force: the branch is as it was read.
    git('-C', 'clone', 'push', '--quiet', '--force', 'origin', `${head}:${branch}`);
    await eventually('the head is back', async () => (await pullRequest()).head.sha === head);
  });

  it('writes an approval down, with the right it was given by', async () => {
    expect(await say(`/approve ${head.slice(0, 12)}`)).toContain(`@you approves of \`${head}\``);
    expect(await stateFile(`decisions/${number}.json`)).toMatchObject({
      decisions: [{ kind: 'approve', by: 'you', permission: 'admin', head }],
    });
  });

  let before: string;
  let merged: string;
  it('merges exactly what was approved, and the engine trades it', async () => {
    const { data } = await github.rest.repos.getBranch({ ...repo, branch: 'main' });
    before = data.commit.sha;
    expect(await say(`/merge ${head}`)).toContain('Merged as');
    merged = (await pullRequest()).merge_commit_sha!;
    await statusAt(merged, 'Synced');
    await eventually('a deployment that works', async () => {
      const { data: deployments } = await github.rest.repos.listDeployments({ ...repo, sha: merged });
      const id = deployments[0]?.id;
      if (id === undefined) return false;
      const { data: statuses } = await github.rest.repos.listDeploymentStatuses({ ...repo, deployment_id: id });
      return statuses[0]?.state === 'success';
    });
    expect(await stateFile(`merge-logs/${number}.json`)).toMatchObject({
      head,
      commit: merged,
      base: before,
      right: { kind: 'decision', decision: { by: 'you' } },
      approvals: [{ by: 'you' }],
    });
  });

  it('can hold the engine, and hears when it obeys', async () => {
    expect(await say('/halt I want to look first', { until: /confirmed: \*\*halted/ })).toContain('@you');
    expect(await say('/status')).toContain('halted');
    expect(await say('/resume', { until: /confirmed: \*\*active/ })).toContain('@you');
  });

  it('ends with the earlier version back, by pull request, without new evidence', async () => {
    const opened = await say('/rollback ema-cross');
    const revert = Number(/#(\d+) brings back/.exec(opened)![1]);
    const { sha } = (await pullRequest(revert)).head;
    await eventually('the gates of a roll-back', async () => (await gateOf(sha)) === 'success', 30_000);
    expect(await say(`/merge ${sha}`, { under: revert })).toContain('Merged as');
    const back = (await pullRequest(revert)).merge_commit_sha!;
    const tree = (commit: string) => git('-C', 'clone', 'rev-parse', `${commit}:strategies/ema-cross`);
    git('-C', 'clone', 'fetch', '--quiet', 'origin', 'main');
    expect(tree(back)).toBe(tree(before));
    const status = await statusAt(back, 'Synced');
    expect(status.strategies[0]!.tree).toBe(tree(before));
  });

  it('sees a version that loses more than it may stopped, and the one before it back, without asking', async () => {
    const tree = (commit: string) => git('-C', 'clone', 'rev-parse', `${commit}:strategies/ema-cross`);
    /** As an administrator may, past the gates. */
    const pushToMain = (...change: string[]): string => {
      git('-C', 'clone', ...change);
      git('-C', 'clone', 'push', '--quiet', 'origin', 'HEAD:main');
      return git('-C', 'clone', 'rev-parse', 'HEAD');
    };
    git('-C', 'clone', 'fetch', '--quiet', 'origin', 'main');
    git('-C', 'clone', 'checkout', '--quiet', '--detach', 'origin/main');
    writeFileSync(join(folder.path, 'clone', 'policies/risk.yaml'), 'stages: { paper: { maxDrawdown: 0.000001 } }\n');
    const tight = pushToMain('commit', '--quiet', '--all', '-m', 'Let paper lose next to nothing');
    const stopped = await eventually('a breach', async () => {
      const status = await engineStatus();
      return status.commit === tight && status.strategies[0]!.code === 'breach' && status;
    });
    expect(stopped.status).toBe('Degraded');
    expect(stopped.reason).toContain('policies/risk.yaml allows 0.0001% in paper');
    expect(stopped.strategies[0]!.tree).toBe(tree(tight));

    const wayBack = await eventually('the way back', async () => {
      const { data } = await github.rest.pulls.list({ ...repo, state: 'open' });
      return data.find(({ head: { ref }, user }) => ref.startsWith('roll-back/ema-cross/') && user?.login === 'ratchet[bot]');
    });
    expect(wayBack.body).toContain('allows 0.0001% in paper');
    await eventually('the issue', async () => {
      const { data } = await github.rest.issues.listForRepo({ ...repo, labels: 'ratchet:engine', state: 'open' });
      return data.some(({ title }) => title === 'A limit was reached: no new entries for ema-cross');
    });
    // The other version could no more live with that limit. What was reached stays so all the same.
    const mended = pushToMain('revert', '--no-edit', tight);
    await statusAt(mended, 'Degraded');
    expect((await engineStatus()).strategies[0]!.code).toBe('breach');

    expect(await say(`/approve ${wayBack.head.sha}`, { under: wayBack.number })).toContain('@you approves');
    await eventually('the gates of the way back', async () => (await gateOf(wayBack.head.sha)) === 'success', 60_000);
    await eventually('the merge', async () =>
      (await say(`/merge ${wayBack.head.sha}`, { under: wayBack.number })).includes('Merged as'),
    );
    const back = (await pullRequest(wayBack.number)).merge_commit_sha!;
    git('-C', 'clone', 'fetch', '--quiet', 'origin', 'main');
    const status = await statusAt(back, 'Synced');
    expect(status.strategies[0]!.tree).toBe(tree(back));
    expect(tree(back)).not.toBe(tree(tight));
    // Entries were denied meanwhile, as many as it wanted.
    const report = (await stateFile('report.json')) as { strategies: { denials: Record<string, number> }[] };
    expect(report.strategies[0]!.denials.breach).toBeGreaterThan(0);
  });
});
