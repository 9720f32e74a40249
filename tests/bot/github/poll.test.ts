import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hear } from '#bot/github/hear.ts';
import { type Job, JobQueue } from '#bot/github/job-queue.ts';
import { Poller } from '#bot/github/poll.ts';
import { createWorld, owner, repo, seed, type World } from '#tests/bot/forge/forge-under-test.ts';

const log = pino({ level: 'silent' });
/** The forge counts seconds, as GitHub does; its clock is ours, so that time passes without a sleep. Tokens last ten minutes. */
const A_WHILE_MS = 120_000;

describe('polling', () => {
  let world: World;
  let queue: JobQueue;
  let poller: Poller;
  let now: number;
  const clock = (): number => now;
  const listener = () => ({ owner, name: repo, login: world.app.login });
  const start = (): void => {
    queue = JobQueue.open(join(world.dir, 'queue.sqlite'), { clock });
    poller = new Poller({ client: world.bot(), listener: listener(), queue, onJobs: () => {}, clock, log });
  };
  /** Looks, and takes every job that came of it. */
  const seen = async (): Promise<Job[]> => {
    await poller.look();
    const jobs: Job[] = [];
    for (let next = queue.take(); next !== null; next = queue.take()) {
      jobs.push(next.job);
      queue.finish(next.id);
    }
    return jobs;
  };
  const say = async (who: Parameters<World['as']>[0], issue: number, body: string) =>
    (await world.as(who).rest.issues.createComment({ owner, repo, issue_number: issue, body })).data;

  beforeEach(async () => {
    now = Math.floor(Date.now() / 1000) * 1000 - 10_000;
    world = await createWorld({ clock });
    await seed(world, { change: { 'a.txt': 'a' } });
    await world.as('owner').rest.issues.create({ owner, repo, title: 'An issue' });
    await say('owner', 1, '/help, written before the bot was there');
    now += A_WHILE_MS;
    start();
    await seen();
  });
  afterEach(async () => {
    queue.close();
    await world.close();
  });

  it('sees new comments, and says whether they stand under a pull request', async () => {
    const { data: pull } = await world.as('writer').rest.pulls.create({ owner, repo, title: 'P', head: 'change', base: 'main' });
    const first = await say('owner', 1, '/status');
    const second = await say('writer', pull.number, '/help');
    const jobs = await seen();
    expect(jobs.filter(({ kind }) => kind === 'comment')).toEqual([
      { kind: 'comment', number: 1, commentId: first.id, author: owner, body: '/status', isPullRequest: false },
      { kind: 'comment', number: pull.number, commentId: second.id, author: 'writer', body: '/help', isPullRequest: true },
    ]);
    expect(await seen()).toEqual([]);
  });

  it('does not take an edited comment for a command, nor one that a bot wrote', async () => {
    const { id } = await say('owner', 1, 'just talking');
    await world.bot().rest.issues.createComment({ owner, repo, issue_number: 1, body: '/help' });
    now += A_WHILE_MS;
    await world.as('owner').rest.issues.updateComment({ owner, repo, comment_id: id, body: '/merge' });
    expect(await seen()).toEqual([]);
  });

  it('goes on where it was after a restart, and misses nothing that came meanwhile', async () => {
    await say('owner', 1, '/status');
    expect(await seen()).toHaveLength(1);
    queue.close();
    now += A_WHILE_MS;
    await say('owner', 1, '/help');
    now += A_WHILE_MS;
    start();
    expect(await seen()).toMatchObject([{ kind: 'comment', body: '/help' }]);
  });

  it('reads more comments than stand on one page', async () => {
    for (let count = 0; count < 105; count += 1) await say('owner', 1, `/help ${count}`);
    expect(await seen()).toHaveLength(105);
    await say('owner', 1, '/status');
    expect(await seen()).toMatchObject([{ body: '/status' }]);
  });

  it('sees pull requests that are opened, pushed to, edited, and opened again', async () => {
    const writer = world.as('writer');
    const { data: pull } = await writer.rest.pulls.create({ owner, repo, title: 'P', head: 'change', base: 'main' });
    const gates = [{ kind: 'gates', number: pull.number }];
    expect(await seen()).toEqual(gates);
    expect(await seen()).toEqual([]);
    const clone = await world.clone(world.tokens.writer);
    await clone.git('checkout', '--quiet', 'change');
    await clone.commit('More', { 'b.txt': 'b' });
    await clone.git('push', '--quiet', 'origin', 'change');
    expect(await seen()).toEqual(gates);
    await writer.rest.pulls.update({ owner, repo, pull_number: pull.number, body: 'Another text.' });
    expect(await seen()).toEqual(gates);
    await writer.rest.pulls.update({ owner, repo, pull_number: pull.number, state: 'closed' });
    // It is no proposal any more.
    expect(await seen()).toEqual([{ kind: 'dashboard' }]);
    expect(await seen()).toEqual([]);
    await writer.rest.pulls.update({ owner, repo, pull_number: pull.number, state: 'open' });
    expect(await seen()).toEqual(gates);
  });

  it('sees main and the state branch move', async () => {
    const clone = await world.clone(world.tokens.owner);
    await clone.commit('On main', { 'c.txt': 'c' });
    await clone.git('push', '--quiet', 'origin', 'HEAD:main', 'HEAD:ratchet/state');
    expect((await seen()).map(({ kind }) => kind).toSorted()).toEqual(['main-moved', 'state-moved']);
    expect(await seen()).toEqual([]);
  });

  it("sees what stands in main's merge queue, once, and what it stands on", async () => {
    const clone = await world.clone(world.tokens.owner);
    const base = (await clone.git('rev-parse', 'HEAD')).trim();
    const head = await clone.commit('In the queue', { 'q.txt': 'q' });
    const ref = `refs/heads/gh-readonly-queue/main/pr-7-${base}`;
    await clone.git('push', '--quiet', 'origin', `HEAD:${ref}`, 'HEAD:refs/heads/gh-readonly-queue/develop/pr-8-abc');
    expect(await seen()).toEqual([{ kind: 'merge-group', number: 7, head, base }]);
    expect(await seen()).toEqual([]);
    const merge_group = { head_ref: ref, head_sha: head, base_sha: base };
    const told = { action: 'checks_requested', repository: { name: repo, owner: { login: owner } }, merge_group };
    expect(queue.accept('later', 'merge_group', hear('merge_group', told, listener(), now))).toBe(false);
  });

  it('adds nothing to what webhooks have told, and they add nothing to what it saw', async () => {
    const told: string[] = [];
    const tell = (): void => {
      for (const { event, delivery, payload } of world.webhooks) {
        if (queue.accept(delivery, event, hear(event, payload, listener(), now))) told.push(event);
      }
    };
    await say('owner', 1, '/status');
    await world.webhook('issue_comment', 'created', ({ comment }) => (comment as { body: string }).body === '/status');
    tell();
    expect(told).toContain('issue_comment');
    expect((await seen()).filter((job) => job.kind === 'comment' && job.body === '/status')).toHaveLength(1);
    told.length = 0;
    await world.as('writer').rest.pulls.create({ owner, repo, title: 'P', head: 'change', base: 'main' });
    await world.webhook('pull_request', 'opened');
    expect(await seen()).toHaveLength(1);
    tell();
    expect(told).not.toContain('pull_request');
  });

  it('costs six answers without content when nothing has happened', async () => {
    await seen();
    const statuses: number[] = [];
    const client = world.bot();
    client.hook.wrap('request', async (request, options) => {
      try {
        const response = await request(options);
        if (!options.url.includes('/access_tokens')) statuses.push(response.status);
        return response;
      } catch (error) {
        statuses.push((error as { status: number }).status);
        throw error;
      }
    });
    poller = new Poller({ client, listener: listener(), queue, onJobs: () => {}, clock, log });
    await poller.look();
    statuses.length = 0;
    await poller.look();
    // The state branch does not exist yet.
    expect(statuses.toSorted()).toEqual([304, 304, 304, 304, 304, 404]);
  });

  it('sees a box that was ticked, once, and by whom', async () => {
    const body = (sign: string) => `## Proposals\n- [${sign}] close <!-- ratchet:do close 7 -->`;
    const issue = { owner, repo, title: 'Dashboard', body: body(' '), labels: ['ratchet:dashboard'] };
    const { data } = await world.as('owner').rest.issues.create(issue);
    const at = new Date(now).toISOString();
    // The forge has no GraphQL; this is GitHub's answer.
    const client = world.bot();
    client.hook.wrap('request', (request, options) => {
      if (!options.url.endsWith('/graphql')) return request(options);
      const answer = { repository: { issue: { lastEditedAt: at, editor: { login: 'writer' } } } };
      return { status: 200, url: '', headers: {}, data: { data: answer } };
    });
    const look = new Poller({ client, listener: listener(), queue, onJobs: () => {}, clock, log });
    await look.look();
    expect(await seen()).toEqual([]);
    const ticked = { owner, repo, issue_number: data.number, body: body('x') };
    await world.as('writer').rest.issues.update(ticked);
    // Without a word about whose it is, it is left alone.
    expect(await seen()).toEqual([]);
    await look.look();
    const edit = { kind: 'issue-edited', number: data.number, sender: 'writer', body: body('x'), at };
    expect(queue.list().map(({ job }) => job)).toEqual([edit]);
    queue.finish(queue.take()!.id);
    await world.as('owner').rest.issues.addLabels({ owner, repo, issue_number: data.number, labels: ['more'] });
    await look.look();
    expect(queue.list()).toEqual([]);
  });

  it('leaves boxes when several people edited since the bot wrote, or a bot with a name like a person’s', async () => {
    const body = '- [x] close <!-- ratchet:do close 7 -->';
    await world.as('owner').rest.issues.create({ owner, repo, title: 'D', body, labels: ['ratchet:dashboard'] });
    const edit = (minute: number, login: string, __typename = 'User') => ({
      editedAt: new Date(now + minute * 60_000).toISOString(),
      editor: { login, __typename },
    });
    let edits = [edit(3, 'writer'), edit(2, 'owner'), edit(1, 'ratchet', 'Bot'), edit(0, 'reader')];
    const client = world.bot();
    client.hook.wrap('request', (request, options) => {
      if (!options.url.endsWith('/graphql')) return request(options);
      const [{ editor, editedAt }] = edits as [(typeof edits)[0]];
      const issue = { lastEditedAt: editedAt, editor, first: { nodes: edits.slice(0, 2) }, last: { nodes: edits.slice(1) } };
      return { status: 200, url: '', headers: {}, data: { data: { repository: { issue } } } };
    });
    const kinds = async () => {
      await new Poller({ client, listener: listener(), queue, onJobs: () => {}, clock, log }).look();
      return queue.list().map(({ job }) => (job as Job).kind);
    };
    expect(await kinds()).toEqual([]);
    edits = [edit(4, 'writer', 'Bot')];
    expect(await kinds()).toEqual([]);
    edits = [edit(3, 'writer'), edit(2, 'writer'), edit(1, 'ratchet', 'Bot'), edit(0, 'reader')];
    expect(await kinds()).toEqual(['issue-edited']);
  });

  it('looks again at what it had read when the rest of a look failed', async () => {
    await say('owner', 1, '/status');
    const client = world.bot();
    let isBroken = true;
    client.hook.before('request', (options) => {
      if (isBroken && options.url.includes('/pulls')) throw new Error('the line is dead');
    });
    poller = new Poller({ client, listener: listener(), queue, onJobs: () => {}, clock, log });
    await expect(poller.look()).rejects.toThrow('the line is dead');
    isBroken = false;
    expect(await seen()).toMatchObject([{ body: '/status' }]);
  });
});
