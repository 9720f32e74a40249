import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cloneWith, createWorld, owner, refusal, repo, seed, type World } from './forge-under-test.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(async () => {
  await world.close();
  world.contract.assertKept();
});

describe('git over HTTP', () => {
  it('takes a push from a writer and from the app, and none from a reader, a stranger or nobody', async () => {
    const { clone } = await seed(world);
    const writer = await world.clone(world.tokens.writer);
    await writer.commit('A writer', { 'w.txt': 'w' });
    await writer.git('push', '--quiet', 'origin', 'HEAD:by-writer');
    const { data } = await world.jwt().apps.createInstallationAccessToken({ installation_id: world.installationId });
    const bot = await world.clone(data.token);
    await bot.commit('A bot', { 'b.txt': 'b' });
    await bot.git('push', '--quiet', 'origin', 'HEAD:by-bot');
    for (const token of [world.tokens.reader, world.tokens.stranger]) {
      const other = await world.clone(token);
      await other.commit('Nobody asked', { 'x.txt': 'x' });
      await expect(other.git('push', 'origin', 'HEAD:nope')).rejects.toThrow(/403/);
    }
    await expect(world.clone('ghp_not_a_token')).rejects.toThrow(/could not read Username|Authentication failed/);
    await clone.git('fetch', '--quiet', 'origin');
    expect((await clone.git('branch', '--remotes', '--format=%(refname:lstrip=3)')).split('\n').sort()).toEqual(
      expect.arrayContaining(['by-bot', 'by-writer', 'main']),
    );
    const push = await world.webhook('push', undefined, (payload) => payload.ref === 'refs/heads/by-bot');
    expect(push.payload).toMatchObject({
      created: true,
      forced: false,
      sender: { login: 'ratchet[bot]', type: 'Bot' },
      pusher: { name: 'ratchet[bot]' },
    });
    expect(push.payload.commits).toMatchObject([{ message: 'A bot', added: ['b.txt'], modified: [], removed: [] }]);
  });

  it('lets nobody without a place in it see a private repository', async () => {
    const secret = await createWorld({ visibility: 'private' });
    try {
      await seed(secret);
      await expect(secret.clone(secret.tokens.stranger)).rejects.toThrow(/not found/i);
      await expect(cloneWith(secret.dir, `${secret.forge.url}/${owner}/${repo}.git`, '')).rejects.toThrow();
      const reader = await secret.clone(secret.tokens.reader);
      expect(await reader.git('ls-files')).toBe('README.md\na.txt');
      expect(await refusal(secret.as('stranger').repos.get({ owner, repo }))).toMatchObject({ status: 404 });
      expect(await refusal(secret.with(null).repos.get({ owner, repo }))).toMatchObject({ status: 404 });
      expect((await secret.as('reader').repos.get({ owner, repo })).data.private).toBe(true);
      secret.contract.assertKept();
    } finally {
      await secret.close();
    }
  });

  it('moves an open pull request with its branch, also when the branch is rewritten', async () => {
    const { clone, heads } = await seed(world, { work: { 'w.txt': 'w' } });
    const { data: pull } = await world.bot().pulls.create({ owner, repo, head: 'work', base: 'main', title: 't' });
    await clone.git('checkout', '--quiet', 'work');
    await clone.git('commit', '--quiet', '--amend', '--message', 'Said better');
    const amended = await clone.git('rev-parse', 'HEAD');
    await clone.git('push', '--quiet', '--force', 'origin', 'work');
    const { data } = await world.bot().pulls.get({ owner, repo, pull_number: pull.number });
    expect(data.head.sha).toBe(amended);
    const moved = await world.webhook('pull_request', 'synchronize');
    expect(moved.payload).toMatchObject({ before: heads.work, after: amended });
    expect((await world.webhook('push', undefined, (payload) => payload.after === amended)).payload.forced).toBe(true);
    // The head stays reachable under the pull request's own reference.
    await clone.git('fetch', '--quiet', 'origin', `refs/pull/${pull.number}/head`);
    expect(await clone.git('rev-parse', 'FETCH_HEAD')).toBe(amended);
  });

  it('closes a pull request whose branch is deleted and refuses to reopen it until the branch is back', async () => {
    const { clone } = await seed(world, { work: { 'w.txt': 'w' } });
    const { data: pull } = await world.bot().pulls.create({ owner, repo, head: 'work', base: 'main', title: 't' });
    await clone.git('push', '--quiet', 'origin', ':work');
    expect((await world.bot().pulls.get({ owner, repo, pull_number: pull.number })).data).toMatchObject({
      state: 'closed',
      merged: false,
    });
    await world.webhook('delete', undefined, (payload) => payload.ref === 'work');
    await world.webhook('pull_request', 'closed');
    const reopen = () => world.bot().pulls.update({ owner, repo, pull_number: pull.number, state: 'open' });
    expect(await refusal(reopen())).toMatchObject({ status: 422 });
    await clone.git('push', '--quiet', 'origin', 'work');
    expect((await reopen()).data.state).toBe('open');
    await world.webhook('pull_request', 'reopened');
  });

  it('keeps its own references to itself, and refuses only the one reference of a push that is not allowed', async () => {
    const { clone } = await seed(world);
    await clone.commit('More', { 'x.txt': 'x' });
    await expect(clone.git('push', 'origin', 'HEAD:refs/pull/9/head')).rejects.toThrow(/hidden ref|kept by the forge/);
    await expect(clone.git('push', 'origin', 'HEAD:refs/heads/fine', ':main')).rejects.toThrow(
      /default branch cannot be deleted/,
    );
    expect((await world.bot().repos.listBranches({ owner, repo })).data.map((branch) => branch.name)).toEqual(['fine', 'main']);
  });

  it('carries other namespaces, tags and large packed pushes', async () => {
    const { clone } = await seed(world);
    const large = Array.from({ length: 60_000 }, (_, line) => `${line} ${Math.sin(line)}`).join('\n');
    const sha = await clone.commit('Large', { 'large.txt': large, 'ünï cödé/ä b.txt': 'x' });
    await clone.git('tag', '-a', 'v1', '-m', 'One');
    await clone.git('push', '--quiet', 'origin', 'main', 'v1', 'HEAD:refs/ratchet/state');
    const again = await world.clone(world.tokens.reader);
    expect(await again.git('rev-parse', 'HEAD')).toBe(sha);
    expect((await world.bot().git.getRef({ owner, repo, ref: 'ratchet/state' })).data.object.sha).toBe(sha);
    expect((await world.bot().git.getRef({ owner, repo, ref: 'tags/v1' })).data.object.type).toBe('tag');
    await world.webhook('create', undefined, (payload) => payload.ref_type === 'tag' && payload.ref === 'v1');
  });

  it('answers what is not git with an error, not with a fault', async () => {
    await seed(world);
    const url = `${world.forge.url}/${owner}/${repo}.git`;
    const authorization = `Basic ${Buffer.from(`x:${world.tokens.owner}`).toString('base64')}`;
    const push = (body: string) =>
      fetch(`${url}/git-receive-pack`, {
        method: 'POST',
        body,
        headers: { authorization, 'content-type': 'application/x-git-receive-pack-request' },
      });
    expect((await push('this is not a packet')).status).toBe(400);
    expect((await push('00ff too short')).status).toBe(400);
    expect((await fetch(`${url}/info/refs`)).status).toBe(403);
    expect((await fetch(`${url}/../../../etc/passwd`)).status).toBe(404);
    expect((await fetch(`${url}/info/refs?service=git-receive-pack`)).status).toBe(401);
  });
});
