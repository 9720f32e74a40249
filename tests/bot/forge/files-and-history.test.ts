import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorld, owner, refusal, repo, seed, type World } from './forge-under-test.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(async () => {
  await world.close();
  world.contract.assertKept();
});

describe('the git data API', () => {
  it('builds a branch from blobs, a tree on a base and a commit, as git itself would', async () => {
    const { clone, main } = await seed(world);
    const bot = world.bot();
    const { data: base } = await bot.git.getCommit({ owner, repo, commit_sha: main });
    const { data: blob } = await bot.git.createBlob({
      owner,
      repo,
      content: Buffer.from([0, 255, 10]).toString('base64'),
      encoding: 'base64',
    });
    const { data: tree } = await bot.git.createTree({
      owner,
      repo,
      base_tree: base.tree.sha,
      tree: [
        { path: 'strategies/ema/raw.bin', mode: '100644', type: 'blob', sha: blob.sha },
        { path: 'strategies/ema/strategy.ts', mode: '100755', type: 'blob', content: 'export {};\n' },
        { path: 'a.txt', mode: '100644', type: 'blob', sha: null },
      ],
    });
    const { data: commit } = await bot.git.createCommit({
      owner,
      repo,
      message: 'Built by API',
      tree: tree.sha,
      parents: [main],
    });
    expect(commit.author.name).toBe('ratchet[bot]');
    await bot.git.createRef({ owner, repo, ref: 'refs/heads/evolve/ema/1', sha: commit.sha });
    await world.webhook('create', undefined, (payload) => payload.ref === 'evolve/ema/1');
    await clone.git('fetch', '--quiet', 'origin');
    expect(await clone.git('ls-tree', '-r', commit.sha, '--format=%(objectmode) %(path)')).toBe(
      '100644 README.md\n100644 strategies/ema/raw.bin\n100755 strategies/ema/strategy.ts',
    );
    await clone.git('fsck', '--strict');

    const { data: listing } = await bot.git.getTree({ owner, repo, tree_sha: 'evolve/ema/1', recursive: '1' });
    expect(listing.tree.map((entry) => [entry.path, entry.type])).toEqual([
      ['README.md', 'blob'],
      ['strategies', 'tree'],
      ['strategies/ema', 'tree'],
      ['strategies/ema/raw.bin', 'blob'],
      ['strategies/ema/strategy.ts', 'blob'],
    ]);
    const { data: read } = await bot.git.getBlob({ owner, repo, file_sha: blob.sha });
    expect([...Buffer.from(read.content, 'base64')]).toEqual([0, 255, 10]);
    // The same folder placed elsewhere, and removed here.
    const { data: moved } = await bot.git.createTree({
      owner,
      repo,
      base_tree: tree.sha,
      tree: [
        { path: 'archive', mode: '040000', type: 'tree', sha: listing.tree[2]!.sha! },
        { path: 'strategies', mode: '040000', type: 'tree', sha: null },
      ],
    });
    expect(
      (await bot.git.getTree({ owner, repo, tree_sha: moved.sha, recursive: '1' })).data.tree.map((entry) => entry.path),
    ).toEqual(['README.md', 'archive', 'archive/raw.bin', 'archive/strategy.ts']);
  });

  it('moves references forward only, unless forced, and never over an object that is not there', async () => {
    const { clone, main } = await seed(world);
    const second = await clone.commit('Second', { 'b.txt': 'b' });
    await clone.git('push', '--quiet', 'origin', 'HEAD:refs/heads/work');
    const bot = world.bot();
    const at = { owner, repo, ref: 'heads/work' };
    expect(await refusal(bot.git.updateRef({ ...at, sha: main }))).toMatchObject({
      status: 422,
      message: 'Update is not a fast forward',
    });
    expect((await bot.git.updateRef({ ...at, sha: main, force: true })).data.object.sha).toBe(main);
    expect((await bot.git.updateRef({ ...at, sha: second })).data.object.sha).toBe(second);
    expect(await refusal(bot.git.updateRef({ ...at, sha: 'e'.repeat(40) }))).toMatchObject({
      status: 422,
      message: 'Object does not exist',
    });
    expect(await refusal(bot.git.createRef({ owner, repo, ref: 'refs/heads/work', sha: main }))).toMatchObject({
      status: 422,
      message: 'Reference already exists',
    });
    for (const ref of [
      'work',
      'refs/heads/../x',
      'refs/heads/a b',
      'refs/heads/x.lock',
      'refs/heads/-x',
      'refs/heads/a..b',
      'refs/heads/@{1}',
    ]) {
      expect(await refusal(bot.git.createRef({ owner, repo, ref, sha: main })), ref).toMatchObject({ status: 422 });
    }
    await bot.git.createRef({ owner, repo, ref: 'refs/ratchet/state', sha: main });
    expect((await bot.git.listMatchingRefs({ owner, repo, ref: 'heads/wo' })).data.map((ref) => ref.ref)).toEqual([
      'refs/heads/work',
    ]);
    await bot.git.deleteRef(at);
    expect(await refusal(bot.git.getRef(at))).toMatchObject({ status: 404 });
    expect(await refusal(bot.git.deleteRef(at))).toMatchObject({ status: 422, message: 'Reference does not exist' });
    expect(await refusal(world.as('reader').git.createRef({ owner, repo, ref: 'refs/heads/x', sha: main }))).toMatchObject({
      status: 403,
    });
  });

  it('refuses trees and commits git could not hold', async () => {
    const { main } = await seed(world);
    const bot = world.bot();
    for (const path of ['.git/config', 'a/../b', '/a', 'a//b', '.GIT']) {
      expect(
        await refusal(bot.git.createTree({ owner, repo, tree: [{ path, mode: '100644', content: 'x' }] })),
        path,
      ).toMatchObject({ status: 422 });
    }
    expect(await refusal(bot.git.createTree({ owner, repo, tree: [{ path: 'a', mode: '100644', sha: main }] }))).toMatchObject({
      status: 422,
    });
    expect(
      await refusal(
        bot.git.createTree({ owner, repo, base_tree: 'f'.repeat(40), tree: [{ path: 'a', mode: '100644', content: 'x' }] }),
      ),
    ).toMatchObject({ status: 422 });
    expect(await refusal(bot.git.createCommit({ owner, repo, message: 'm', tree: main, parents: [] }))).toMatchObject({
      status: 422,
      message: 'Tree SHA does not exist',
    });
    expect(await refusal(bot.git.getBlob({ owner, repo, file_sha: main }))).toMatchObject({ status: 404 });
    expect(await refusal(bot.git.getTree({ owner, repo, tree_sha: '--help' }))).toMatchObject({ status: 404 });
    const { data: tree } = await bot.git.createTree({ owner, repo, tree: [{ path: 'a', mode: '100644', content: 'x' }] });
    const { data: commit } = await bot.git.createCommit({
      owner,
      repo,
      message: 'm',
      tree: tree.sha,
      parents: [],
      author: { name: 'E <v>\nil', email: 'e\n@x' },
    });
    expect(commit.author.name).toBe('E vil');
  });
});

describe('contents', () => {
  it('are read as files, folders and raw bytes at any commit', async () => {
    const { clone, main } = await seed(world, { work: { 'dir/ü ñ.txt': 'ünï' } });
    const octokit = world.as('reader');
    const { data: file } = await octokit.repos.getContent({ owner, repo, path: 'dir/ü ñ.txt', ref: 'work' });
    if (Array.isArray(file) || file.type !== 'file') throw new Error('It is not a file.');
    expect(Buffer.from(file.content, 'base64').toString('utf8')).toBe('ünï');
    const { data: folder } = await octokit.repos.getContent({ owner, repo, path: '', ref: 'work' });
    expect((folder as unknown as Array<{ name: string; type: string }>).map((entry) => [entry.name, entry.type])).toEqual([
      ['README.md', 'file'],
      ['a.txt', 'file'],
      ['dir', 'dir'],
    ]);
    expect(await refusal(octokit.repos.getContent({ owner, repo, path: 'dir', ref: main }))).toMatchObject({ status: 404 });
    expect(await refusal(octokit.repos.getContent({ owner, repo, path: 'a.txt', ref: 'nowhere' }))).toMatchObject({
      status: 404,
    });
    const raw = await octokit.repos.getContent({ owner, repo, path: 'a.txt', mediaType: { format: 'raw' } });
    expect(String(raw.data)).toBe('one\ntwo\nthree\n');
    expect(await clone.git('rev-parse', 'HEAD')).toBe(main);
  });

  it('are written on a branch, against the file as it was seen', async () => {
    const { main } = await seed(world);
    const bot = world.bot();
    await bot.git.createRef({ owner, repo, ref: 'refs/heads/work', sha: main });
    const put = (content: string, sha?: string) =>
      bot.repos.createOrUpdateFileContents({
        owner,
        repo,
        path: 'docs/x.md',
        branch: 'work',
        message: 'Write',
        content: Buffer.from(content).toString('base64'),
        ...(sha === undefined ? {} : { sha }),
      });
    const made = await put('one');
    expect(made.status).toBe(201);
    expect(await refusal(put('two'))).toMatchObject({ status: 422 });
    expect(await refusal(put('two', 'f'.repeat(40)))).toMatchObject({ status: 409 });
    const changed = await put('two', made.data.content!.sha!);
    expect(changed.status).toBe(200);
    await bot.repos.deleteFile({
      owner,
      repo,
      path: 'docs/x.md',
      branch: 'work',
      message: 'Remove',
      sha: changed.data.content!.sha!,
    });
    expect(await refusal(bot.repos.getContent({ owner, repo, path: 'docs/x.md', ref: 'work' }))).toMatchObject({ status: 404 });
  });
});

describe('history', () => {
  it('is listed, filtered by path, paged and compared', async () => {
    const { clone, main } = await seed(world, { work: { 'b.txt': 'b' } });
    await clone.git('checkout', '--quiet', 'work');
    await clone.git('mv', 'a.txt', 'renamed.txt');
    const head = await clone.commit('Rename', {});
    await clone.git('push', '--quiet', 'origin', 'work');
    await clone.git('checkout', '--quiet', 'main');
    await clone.commit('Elsewhere', { 'c.txt': 'c' });
    await clone.git('push', '--quiet', 'origin', 'main');
    const octokit = world.as('reader');
    const messages = async (more: object) =>
      (await octokit.repos.listCommits({ owner, repo, ...more })).data.map((commit) => commit.commit.message);
    expect(await messages({ sha: 'work' })).toEqual(['Rename', 'Work on work', 'The first commit']);
    expect(await messages({ sha: 'work', path: 'b.txt' })).toEqual(['Work on work']);
    expect(await messages({ sha: 'work', per_page: 2, page: 2 })).toEqual(['The first commit']);
    expect(await messages({ author: 'no one' })).toEqual([]);
    const { data: commit } = await octokit.repos.getCommit({ owner, repo, ref: 'work' });
    expect(commit.files).toMatchObject([{ filename: 'renamed.txt', previous_filename: 'a.txt', status: 'renamed' }]);
    expect((await octokit.repos.getCommit({ owner, repo, ref: head.slice(0, 10) })).data.sha).toBe(head);
    expect(await refusal(octokit.repos.getCommit({ owner, repo, ref: 'nowhere' }))).toMatchObject({
      status: 422,
      message: 'No commit found for SHA: nowhere',
    });
    const { data: compared } = await octokit.repos.compareCommitsWithBasehead({ owner, repo, basehead: 'main...work' });
    expect(compared).toMatchObject({
      status: 'diverged',
      ahead_by: 2,
      behind_by: 1,
      total_commits: 2,
      merge_base_commit: { sha: main },
    });
    expect(compared.files?.map((file) => file.filename)).toEqual(['b.txt', 'renamed.txt']);
    expect(
      (await octokit.repos.compareCommitsWithBasehead({ owner, repo, basehead: `${main}...${owner}:main` })).data.status,
    ).toBe('ahead');
    expect((await octokit.repos.compareCommitsWithBasehead({ owner, repo, basehead: 'main...main' })).data.status).toBe(
      'identical',
    );
    expect(await refusal(octokit.repos.compareCommitsWithBasehead({ owner, repo, basehead: 'main...nowhere' }))).toMatchObject({
      status: 404,
    });
  });

  it('of an empty repository says so', async () => {
    expect(await refusal(world.as('reader').repos.listCommits({ owner, repo }))).toMatchObject({
      status: 409,
      message: 'Git Repository is empty.',
    });
    expect((await world.as('reader').repos.listBranches({ owner, repo })).data).toEqual([]);
    expect((await world.as('reader').request('GET /')).data.repository_url).toContain('/repos/{owner}/{repo}');
    expect((await world.as('reader').repos.get({ owner, repo })).data).toMatchObject({
      default_branch: 'main',
      permissions: { push: false, pull: true },
    });
  });
});
