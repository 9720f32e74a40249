import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Octokit } from '@octokit/rest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, RatchetProcess, runRatchet, temporaryFolder } from '#tests/support/ratchet-process.ts';

/** The whole loop as someone who only has a network sees it: REST, pages and git over HTTP. */

const folder = temporaryFolder('loop');
const workspace = join(folder.path, 'var');
let ratchet: RatchetProcess;
let url: string;
/** The owner's session, opened with the link that `ratchet up` prints. */
let token: string;
let github: Octokit;
/** The night's pull request; the dashboard has taken a number too. */
let number: number;
const repo = { owner: 'you', repo: 'strategies' };

beforeAll(async () => {
  ratchet = new RatchetProcess(['up', '--workspace', workspace, '--port', '0', '--seed', '1', '--trials', '60', '--pace', '100']);
  const [, link] = await ratchet.says(/Sign in as the owner: (\S+)/, 170_000);
  url = new URL(link!).origin;
  const answer = await fetch(link!, { redirect: 'manual' });
  token = answer.headers.get('set-cookie')!.match(/=([^;]+)/)![1]!;
  github = new Octokit({ baseUrl: `${url}/api/v3`, auth: token });
}, 180_000);

afterAll(async () => {
  if (ratchet !== undefined) await ratchet.kill('SIGINT');
  folder.remove();
}, 30_000);

async function comment(number: number, body: string): Promise<string> {
  const before = await github.rest.issues.listComments({ ...repo, issue_number: number });
  await github.rest.issues.createComment({ ...repo, issue_number: number, body });
  const answered = await eventually('an answer by the bot', async () => {
    const { data } = await github.rest.issues.listComments({ ...repo, issue_number: number });
    const answer = data.slice(before.data.length).find((item) => item.user?.login === 'ratchet[bot]');
    return answer?.body?.startsWith('⏳') === false && answer;
  });
  return answered.body ?? '';
}

describe('the loop', () => {
  it('has opened a pull request that carries its evidence, proven it and merged it', async () => {
    const { data: pulls } = await github.rest.pulls.list({ ...repo, state: 'all' });
    expect(pulls).toHaveLength(1);
    number = pulls[0]!.number;
    const { data: pull } = await github.rest.pulls.get({ ...repo, pull_number: number });
    expect(pull).toMatchObject({ merged: true, user: { login: 'ratchet[bot]', type: 'Bot' } });
    expect(pull.head.ref).toMatch(/^evolve\/ema-cross\/\d{8}-1$/);
    for (const part of ['SIMULATED', 'Before and after', '```mermaid', 'How to reproduce', '/merge SHA'])
      expect(pull.body).toContain(part);

    const { data: files } = await github.rest.pulls.listFiles({ ...repo, pull_number: pull.number });
    expect(files.map((file) => file.filename).every((path) => path.startsWith('strategies/ema-cross/'))).toBe(true);
    const { data: manifest } = await github.rest.repos.getContent({
      ...repo,
      path: 'strategies/ema-cross/manifest.yaml',
      ref: 'main',
      mediaType: { format: 'raw' },
    });
    // Sixty trials are enough for the search to grow rules of its own: what trades now is printed from a tree.
    expect(String(manifest)).toContain('schema: ratchet/blueprint/2');

    const { data: checks } = await github.rest.checks.listForRef({ ...repo, ref: pull.head.sha });
    const conclusions = Object.fromEntries(checks.check_runs.map((run) => [run.name, run.conclusion]));
    expect(conclusions).toEqual({
      guard: 'success',
      docs: 'success',
      sandbox: 'success',
      audit: 'success',
      backtest: 'success',
      policy: 'success',
      gate: 'success',
    });
  });

  it('has deployed the merge commit: the engine says so, and the forge shows it', async () => {
    const { data: pull } = await github.rest.pulls.get({ ...repo, pull_number: number });
    const { data: branch } = await github.rest.repos.getBranch({ ...repo, branch: 'main' });
    expect(branch.commit.sha).toBe(pull.merge_commit_sha);
    const deployment = await eventually('a deployment of the merge commit', async () => {
      const { data } = await github.rest.repos.listDeployments({ ...repo, sha: pull.merge_commit_sha!, environment: 'paper' });
      return data[0];
    });
    expect(deployment.sha).toBe(pull.merge_commit_sha);
    const { data: status } = await github.rest.repos.getContent({
      ...repo,
      path: 'status.json',
      ref: 'ratchet/state',
      mediaType: { format: 'raw' },
    });
    expect(JSON.parse(String(status))).toMatchObject({ status: 'Synced', commit: pull.merge_commit_sha });
  });

  it('shows the pull request to a reader without an account', async () => {
    const page = await (await fetch(`${url}/you/strategies/pull/${number}`)).text();
    expect(page).toContain('Merged');
    expect(page).toContain('Before and after');
  });

  it('answers commands, and refuses those of a closed pull request in a sentence', async () => {
    expect(await comment(number, '/status')).toContain('Synced');
    expect(await comment(number, '/help')).toContain('/retest');
    expect(await comment(number, '/mrege abc')).toContain('did you mean `/merge`');
    expect(await comment(number, '/merge abc')).toContain('merged already');
  }, 60_000);

  it('keeps the old version when someone pushes to main unsigned, and opens an issue that says so', async () => {
    const clone = join(folder.path, 'clone');
    const remote = `${url}/you/strategies.git`;
    const authorization = `http.extraHeader=Authorization: Basic ${Buffer.from(`you:${token}`).toString('base64')}`;
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', authorization, '-c', 'user.name=you', '-c', 'user.email=you@localhost', ...args], {
        cwd: folder.path,
        stdio: 'pipe',
      });
    git('clone', '--quiet', remote, clone);
    const before = await statusOf();
    writeFileSync(
      join(clone, 'strategies/ema-cross/manifest.yaml'),
      `${execFileSync('cat', [join(clone, 'strategies/ema-cross/manifest.yaml')])}# pushed past the gates\n`,
    );
    git('-C', clone, 'commit', '--quiet', '-am', 'No gates for me');
    git('-C', clone, 'push', '--quiet', 'origin', 'HEAD:main');

    const issue = await eventually('an issue about it', async () => {
      const { data } = await github.rest.issues.listForRepo({ ...repo, state: 'open', labels: 'ratchet:engine' });
      return data[0];
    });
    expect(issue.body).toContain('no statement vouches for tree');
    const after = await statusOf();
    expect(after.strategies[0].tree).toBe(before.strategies[0].tree);

    git('-C', clone, 'revert', '--quiet', '--no-edit', 'HEAD');
    git('-C', clone, 'push', '--quiet', 'origin', 'HEAD:main');
    await eventually('the issue is closed', async () => {
      const { data } = await github.rest.issues.get({ ...repo, issue_number: issue.number });
      return data.state === 'closed';
    });
  }, 90_000);

  it('goes back by a pull request: the gates know the tree, a person merges it, and the engine takes it up', async () => {
    const { data: branch } = await github.rest.repos.getBranch({ ...repo, branch: 'main' });
    const { data: pull } = await github.rest.pulls.get({ ...repo, pull_number: number });
    const { data: merged } = await github.rest.git.getCommit({ ...repo, commit_sha: pull.merge_commit_sha! });
    const { data: parent } = await github.rest.git.getCommit({ ...repo, commit_sha: merged.parents[0]!.sha });
    const { data: commit } = await github.rest.git.createCommit({
      ...repo,
      message: 'Go back',
      tree: parent.tree.sha,
      parents: [branch.commit.sha],
    });
    await github.rest.git.createRef({ ...repo, ref: 'refs/heads/back', sha: commit.sha });
    const { data: back } = await github.rest.pulls.create({ ...repo, title: 'Go back', head: 'back', base: 'main' });
    const gate = await eventually('the gate has spoken', async () => {
      const { data } = await github.rest.checks.listForRef({ ...repo, ref: commit.sha, check_name: 'gate', status: 'completed' });
      return data.check_runs[0];
    });
    expect(gate.conclusion, gate.output.summary ?? '').toBe('success');
    expect((await github.rest.pulls.get({ ...repo, pull_number: back.number })).data.merged).toBe(false);
    expect(await comment(back.number, '/merge 0123456789ab')).toContain('Name the commit you have read');
    expect(await comment(back.number, `/merge ${commit.sha}`)).toContain('Merged as');

    const { data: folderBefore } = await github.rest.git.getTree({ ...repo, tree_sha: parent.tree.sha, recursive: 'true' });
    const expected = folderBefore.tree.find((entry) => entry.path === 'strategies/ema-cross')!.sha;
    await eventually('the engine runs the old tree', async () => (await statusOf()).strategies[0].tree === expected);
  }, 90_000);

  it('proves nothing for a pull request into another branch: its checks would stand on the same commit', async () => {
    const { data: branch } = await github.rest.repos.getBranch({ ...repo, branch: 'main' });
    await github.rest.git.createRef({ ...repo, ref: 'refs/heads/weak', sha: branch.commit.sha });
    const { data: commit } = await github.rest.git.createCommit({
      ...repo,
      message: 'Something',
      tree: branch.commit.commit.tree.sha,
      parents: [branch.commit.sha],
    });
    await github.rest.git.createRef({ ...repo, ref: 'refs/heads/side', sha: commit.sha });
    const { data: side } = await github.rest.pulls.create({ ...repo, title: 'Sideways', head: 'side', base: 'weak' });
    expect(await comment(side.number, '/retest')).toContain('does not go into main');
    const { data: checks } = await github.rest.checks.listForRef({ ...repo, ref: commit.sha });
    expect(checks.check_runs).toEqual([]);
  }, 60_000);

  it('refuses a second one on the same workspace in one line, while reading commands work', async () => {
    const second = await runRatchet('up', '--once', '--workspace', workspace, '--port', '0');
    expect(second.code).toBe(1);
    expect(second.stderr.trim().split('\n')).toHaveLength(1);
    expect(second.stderr).toContain('engine/locked');
    const status = await runRatchet('status', '--workspace', workspace, '--json');
    expect(JSON.parse(status.stdout)).toMatchObject({ status: { status: 'Synced' } });
    const verified = await runRatchet('verify', '--workspace', workspace);
    expect(verified.stdout).toContain('adopted by the owner');
    expect(verified.code).toBe(0);
    const ledger = await runRatchet('ledger', 'verify', '--workspace', workspace, '--json');
    expect(JSON.parse(ledger.stdout)).toMatchObject({ trials: 60, nights: 1 });
  }, 60_000);
});

async function statusOf(): Promise<{ strategies: { tree: string }[] } & { strategies: [{ tree: string }] }> {
  const { stdout } = await runRatchet('status', '--workspace', workspace, '--json');
  return JSON.parse(stdout).status;
}
