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

describe('a pull request', () => {
  it('is opened by an app, shows what git says and is merged with both parents', async () => {
    const { main, heads, clone } = await seed(world, { evolve: { 'a.txt': 'one\n2\nthree\n', 'b.txt': 'new\n' } });
    const bot = world.bot();
    const { data: pull } = await bot.pulls.create({
      owner,
      repo,
      head: 'evolve',
      base: 'main',
      title: 'A better version',
      body: 'Because.',
    });
    expect(pull).toMatchObject({
      number: 1,
      state: 'open',
      mergeable: true,
      mergeable_state: 'clean',
      commits: 1,
      additions: 2,
      deletions: 1,
      changed_files: 2,
    });
    expect(pull.head.sha).toBe(heads.evolve);
    expect(pull.user.login).toBe('ratchet[bot]');

    const { data: files } = await bot.pulls.listFiles({ owner, repo, pull_number: 1 });
    expect(files.map((file) => [file.filename, file.status, file.patch])).toEqual([
      ['a.txt', 'modified', '@@ -1,3 +1,3 @@\n one\n-two\n+2\n three'],
      ['b.txt', 'added', '@@ -0,0 +1 @@\n+new'],
    ]);

    const { data: merged } = await bot.pulls.merge({ owner, repo, pull_number: 1, sha: pull.head.sha });
    await clone.git('pull', '--quiet', 'origin', 'main');
    expect(await clone.git('rev-parse', 'HEAD')).toBe(merged.sha);
    expect(await clone.git('log', '-1', '--format=%P')).toBe(`${main} ${heads.evolve}`);
    expect(await clone.git('log', '-1', '--format=%an %cn')).toBe('ratchet[bot] Forge');
    const { data: after } = await bot.pulls.get({ owner, repo, pull_number: 1 });
    expect(after).toMatchObject({
      merged: true,
      state: 'closed',
      merge_commit_sha: merged.sha,
      merged_by: { login: 'ratchet[bot]' },
    });

    const closed = await world.webhook('pull_request', 'closed');
    expect(closed.payload.pull_request).toMatchObject({ merged: true, merge_commit_sha: merged.sha });
    await world.webhook('push', undefined, (payload) => payload.after === merged.sha);
  });

  it('refuses to be opened without commits, without branches, or twice', async () => {
    await seed(world, { work: { 'b.txt': 'b' } });
    const octokit = world.as('writer');
    expect(await refusal(octokit.pulls.create({ owner, repo, head: 'main', base: 'main', title: 't' }))).toMatchObject({
      status: 422,
      errors: [{ message: 'No commits between main and main' }],
    });
    expect(await refusal(octokit.pulls.create({ owner, repo, head: 'nowhere', base: 'main', title: 't' }))).toMatchObject({
      status: 422,
      errors: [{ field: 'head', code: 'invalid' }],
    });
    expect(await refusal(octokit.pulls.create({ owner, repo, head: 'work', base: 'nowhere', title: 't' }))).toMatchObject({
      status: 422,
      errors: [{ field: 'base', code: 'invalid' }],
    });
    await octokit.pulls.create({ owner, repo, head: 'work', base: 'main', title: 't' });
    expect(await refusal(octokit.pulls.create({ owner, repo, head: 'work', base: 'main', title: 't' }))).toMatchObject({
      status: 422,
      errors: [{ message: `A pull request already exists for ${owner}:work.` }],
    });
  });
});
