import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Octokit } from '@octokit/rest';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startForge } from '#bot/forge/forge.ts';
import { createLog } from '#engine/log.ts';
import { cloneWith, createWorld, owner, ratchetApp, repo, seed, type World } from './forge-under-test.ts';

const script = new URL('./forge-process.ts', import.meta.url).pathname;
const log = createLog('silent');

describe('a restart', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
  });
  afterEach(async () => {
    await world.close();
    world.contract.assertKept();
  });

  it('finds accounts, tokens, pull requests, checks and protection as they were', async () => {
    const { heads, clone } = await seed(world, { work: { 'w.txt': 'w' } });
    const bot = world.bot();
    await bot.pulls.create({ owner, repo, head: 'work', base: 'main', title: 't' });
    await bot.checks.create({ owner, repo, name: 'gate', head_sha: heads.work!, status: 'completed', conclusion: 'success' });
    world.forge.protectBranch(owner, repo, 'main', {
      requiredChecks: [{ context: 'gate', appId: world.app.appId }],
      enforceAdmins: true,
    });
    const before = (await bot.pulls.get({ owner, repo, pull_number: 1 })).data;
    await world.restart();
    expect((await bot.pulls.get({ owner, repo, pull_number: 1 })).data).toEqual(before);
    expect(world.forge.registerApp({ ...ratchetApp, webhookUrl: '' })).toEqual(world.app);
    expect((await bot.pulls.merge({ owner, repo, pull_number: 1, sha: heads.work! })).data.merged).toBe(true);
    await clone.git('fetch', '--quiet', 'origin');
  });

  it('refuses a port that is taken, naming it', async () => {
    const port = Number(new URL(world.forge.url).port);
    const dir = mkdtempSync(join(tmpdir(), 'ratchet-forge-'));
    try {
      await expect(startForge({ dir, port, log })).rejects.toMatchObject({
        code: 'forge/port-in-use',
        message: expect.stringContaining(String(port)),
      });
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

describe('a crash', () => {
  let dir: string;
  let child: ChildProcess | undefined;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'ratchet-forge-'));
  });
  afterEach(() => {
    child?.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  });

  const folder = () => join(dir, 'forge');
  const gitDir = () => join(folder(), 'repositories', owner, `${repo}.git`);
  const gitSays = (...args: string[]) => execFileSync('git', [`--git-dir=${gitDir()}`, ...args], { encoding: 'utf8' }).trim();

  /** A forge with `branches` pull requests open, stopped. */
  async function prepared(branches: number): Promise<string> {
    const forge = await startForge({ dir: folder(), port: 0, log });
    forge.createUser({ login: owner });
    forge.createRepository({ owner, name: repo, defaultBranch: 'main' });
    const token = forge.createToken(owner);
    const clone = await cloneWith(dir, `${forge.url}/${owner}/${repo}.git`, token);
    await clone.git('checkout', '--quiet', '-B', 'main');
    await clone.commit('First', { 'README.md': 'r' });
    const names = Array.from({ length: branches }, (_, index) => `work-${index}`);
    for (const name of names) {
      await clone.git('checkout', '--quiet', '-b', name, 'main');
      await clone.commit(name, { [`${name}.txt`]: name });
    }
    await clone.git('push', '--quiet', 'origin', 'main', ...names);
    const octokit = new Octokit({ baseUrl: `${forge.url}/api/v3`, auth: token });
    for (const name of names) await octokit.pulls.create({ owner, repo, head: name, base: 'main', title: name });
    await forge.close();
    return token;
  }

  const start = () =>
    new Promise<string>((resolve, reject) => {
      child = spawn(process.execPath, ['--import', 'tsx', script, folder(), '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
      child.stdout!.once('data', (chunk: Buffer) => resolve(chunk.toString('utf8').trim()));
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`the forge ended with ${code}`)));
    });

  const ended = () =>
    new Promise<void>((resolve) =>
      child!.exitCode === null && child!.signalCode === null ? child!.once('exit', () => resolve()) : resolve(),
    );

  /** Git and the database must tell the same story: every reference known, every merge on main noted, nothing noted that is not there. */
  async function assertAgreement(token: string): Promise<number> {
    const forge = await startForge({ dir: folder(), port: 0, log });
    try {
      gitSays('fsck', '--strict');
      const octokit = new Octokit({ baseUrl: `${forge.url}/api/v3`, auth: token });
      const pulls = await octokit.paginate(octokit.pulls.list, { owner, repo, state: 'all', per_page: 100 });
      const history = new Set(gitSays('rev-list', 'refs/heads/main').split('\n'));
      const files = new Set(gitSays('ls-tree', '--name-only', 'refs/heads/main').split('\n'));
      for (const pull of pulls) {
        expect(files.has(`${pull.head.ref}.txt`), `${pull.head.ref} on main`).toBe(pull.merged_at !== null);
        if (pull.merged_at !== null) expect(history).toContain(pull.merge_commit_sha);
        expect(pull.state).toBe(pull.merged_at === null ? 'open' : 'closed');
      }
      const database = new Database(join(folder(), 'forge.sqlite'), { readonly: true });
      const known = database.prepare<[], { name: string; sha: string }>('SELECT name, sha FROM refs ORDER BY name').all();
      const intents = database.prepare<[], { n: number }>('SELECT COUNT(*) AS n FROM intents').get()!.n;
      database.close();
      const actual = gitSays('for-each-ref', '--format=%(refname) %(objectname)', 'refs/heads', 'refs/tags');
      expect(known.map((ref) => `${ref.name} ${ref.sha}`).join('\n')).toBe(actual);
      expect(intents).toBe(0);
      return pulls.filter((pull) => pull.merged_at !== null).length;
    } finally {
      await forge.close();
    }
  }

  it('between the merge in git and the note of it leaves a merge with its author', async () => {
    const token = await prepared(2);
    // What SIGKILL leaves right after update-ref: the intent is written, the reference has moved, nothing else.
    const base = gitSays('rev-parse', 'refs/heads/main');
    const head = gitSays('rev-parse', 'refs/heads/work-0');
    const tree = gitSays('merge-tree', '--write-tree', base, head);
    const identity = ['-c', 'user.name=x', '-c', 'user.email=x@y'];
    const merge = execFileSync('git', [...identity, `--git-dir=${gitDir()}`, 'commit-tree', tree, '-p', base, '-m', 'Squashed'], {
      encoding: 'utf8',
    }).trim();
    const database = new Database(join(folder(), 'forge.sqlite'));
    const intent = database.prepare(
      "INSERT INTO intents (repository_id, actor_id, ref, before_sha, after_sha, merge_issue_id, created_at) VALUES (1, 1, 'refs/heads/main', ?, ?, ?, 0)",
    );
    intent.run(base, merge, 1);
    // And one whose reference did not move: it is as if it had never been.
    intent.run(base, 'f'.repeat(40), 2);
    database.close();
    gitSays('update-ref', 'refs/heads/main', merge, base);
    expect(await assertAgreement(token)).toBe(1);
    const forge = await startForge({ dir: folder(), port: 0, log });
    try {
      const octokit = new Octokit({ baseUrl: `${forge.url}/api/v3`, auth: token });
      expect((await octokit.pulls.get({ owner, repo, pull_number: 1 })).data).toMatchObject({
        merged: true,
        merge_commit_sha: merge,
        merged_by: { login: owner },
      });
      expect((await octokit.pulls.get({ owner, repo, pull_number: 2 })).data.merged).toBe(false);
    } finally {
      await forge.close();
    }
  });

  it('by SIGKILL among merges leaves git and the database agreeing, and the rest can be merged after', {
    timeout: 120_000,
  }, async () => {
    const branches = 9;
    const token = await prepared(branches);
    let merged = 0;
    for (const killAfterMerges of [1, 3]) {
      const url = await start();
      const octokit = new Octokit({
        baseUrl: `${url}/api/v3`,
        auth: token,
        log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      });
      let done = 0;
      const attempts = Array.from({ length: branches - merged }, (_, index) =>
        octokit.pulls.merge({ owner, repo, pull_number: merged + index + 1 }).then(
          () => {
            done += 1;
            // The next merges are under way at this moment: somewhere among their steps.
            if (done === killAfterMerges) child!.kill('SIGKILL');
          },
          () => undefined,
        ),
      );
      await Promise.all(attempts);
      await ended();
      const now = await assertAgreement(token);
      expect(now).toBeGreaterThanOrEqual(merged + killAfterMerges);
      merged = now;
    }
    const url = await start();
    const octokit = new Octokit({ baseUrl: `${url}/api/v3`, auth: token });
    const { data: open } = await octokit.pulls.list({ owner, repo, per_page: 100 });
    for (const pull of open) await octokit.pulls.merge({ owner, repo, pull_number: pull.number, sha: pull.head.sha });
    child!.kill('SIGKILL');
    await ended();
    expect(await assertAgreement(token)).toBe(branches);
  });
});
