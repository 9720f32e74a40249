import { RequestError } from '@octokit/request-error';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Api, RepositoryApi } from '#bot/github/repository-api.ts';
import { decisionsPath, readDecisions, recordDecision } from '#bot/orchestrator/life/decisions.ts';
import { logMerge, mergeLogPath, parseMergeRecord } from '#bot/orchestrator/life/merge-log.ts';
import { squash } from '#bot/orchestrator/life/squash.ts';
import { PullRequestLife } from '#bot/orchestrator/pull-request-life.ts';
import { owner, repo } from '#tests/bot/forge/forge-under-test.ts';
import { itLong } from '#tests/support/long.ts';
import { createProposal, FOLDER, HEAD_REF, ID, NOW, OWNER, type ProposalWorld } from './proposal-world.ts';

const branchNames = async ({ repository }: ProposalWorld) => {
  await repository.fetch();
  return (await repository.branches()).map(({ name }) => name);
};

type Meeting = (call: { method: string; url: string; query?: string }, pass: () => Promise<unknown>) => Promise<unknown> | null;

/** The bot's client, with answers of GitHub's in the place of the forge's for calls that `meets` says something about. */
function apiThatMeets({ world }: ProposalWorld, meets: Meeting): RepositoryApi {
  const client = world.bot();
  client.hook.wrap('request', (request, call) => {
    const pass = async () => request(call);
    const { method, url, query } = call as typeof call & { query?: string };
    return (meets({ method, url, ...(query === undefined ? {} : { query }) }, pass) ?? pass()) as ReturnType<typeof request>;
  });
  return new RepositoryApi(client as Api, { owner, name: repo }, world.app.appId);
}

function lifeThatMeets(place: ProposalWorld, meets: Meeting): PullRequestLife {
  return new PullRequestLife({ ...place.options, api: apiThatMeets(place, meets) });
}

function refusal(status: number, message: string, headers: Record<string, string> = {}): RequestError {
  const request = { method: 'PUT' as const, url: 'https://api.example.org/merge', headers: {} };
  return new RequestError(message, status, { request, response: { status, url: request.url, headers, data: {} } });
}

type Told = { data: { head: object } };

/** GitHub's answer about a pull request, with something in it changed. */
const telling = (told: unknown, changes: object) => ({ ...(told as Told), data: { ...(told as Told).data, ...changes } });
const withHead = (told: unknown, changes: object) => telling(told, { head: { ...(told as Told).data.head, ...changes } });

const NOT_QUEUED = { data: { node: { mergeQueueEntry: null } } };

/** GitHub as far as main has a merge queue: the embedded forge has neither one nor GraphQL. */
function queueOf(answer: (asked: { isEnqueued: boolean }) => object) {
  return ({ url, query }: { url: string; query: string }): Promise<unknown> | null => {
    const say = (data: unknown) => Promise.resolve({ status: 200, headers: {}, url, data });
    if (url.includes('/rules/branches/')) return say([{ type: 'merge_queue' }]);
    return url.endsWith('/graphql') ? say(answer({ isEnqueued: query.startsWith('mutation') })) : null;
  };
}

describe('what people decide', { timeout: 60_000 }, () => {
  let place: ProposalWorld;
  beforeAll(async () => {
    place = await createProposal('merge-paper');
  });
  afterAll(() => place.close());

  it('an approval is of exactly one head, and is refused for any other', async () => {
    const { life, number, head, state } = place;
    await life.approve(number, head, { ...OWNER, comment: 11 });
    await life.approve(number, head, { ...OWNER, comment: 11 });
    await expect(life.approve(number, 'a'.repeat(40), OWNER)).rejects.toMatchObject({ code: 'life/head-moved' });
    expect(await readDecisions(state, number)).toEqual([
      { kind: 'approve', by: owner, permission: 'admin', comment: 11, head, at: new Date(NOW).toISOString() },
    ]);
  });

  it('a held pull request is proven and merged by nobody until it is released', async () => {
    const { life, number, head, api } = place;
    await life.hold(number, OWNER);
    expect(await life.prove(number)).toMatchObject({ sentence: `All gates passed; @${owner} holds it.`, mergeCommit: null });
    await expect(life.merge(number, head, OWNER, 'note')).rejects.toMatchObject({ code: 'life/held' });
    expect((await api.pullRequest(number)).state).toBe('open');
    await life.release(number, OWNER);
    await expect(life.release(number, OWNER)).rejects.toMatchObject({ code: 'life/not-held' });
    expect(await life.prove(number)).toMatchObject({ mergeCommit: expect.any(String) });
  });

  it('a file of decisions that somebody has tampered with decides nothing', async () => {
    const { state, number } = place;
    const before = await state.readText(decisionsPath(number));
    const write = (text: string) => state.update('x', () => new Map([[decisionsPath(number), Buffer.from(text)]]));
    for (const text of [
      '{',
      '[]',
      before!.replace('approve', 'bless'),
      before!.replace(`"pullRequest":${number}`, '"pullRequest":99'),
    ]) {
      await write(text);
      await expect(readDecisions(state, number)).rejects.toMatchObject({ code: 'life/decisions' });
      await expect(
        recordDecision(state, number, { ...OWNER, kind: 'hold', head: 'a'.repeat(40), at: new Date(NOW).toISOString() }),
      ).rejects.toMatchObject({ code: 'life/decisions' });
      expect(await state.readText(decisionsPath(number))).toBe(text);
    }
    await write(before!);
  });

  it('nothing is decided about what is merged already', async () => {
    const { life, number, head } = place;
    for (const act of [() => life.hold(number, OWNER), () => life.approve(number, head, OWNER), () => life.close(number, OWNER)])
      await expect(act()).rejects.toMatchObject({ code: 'life/not-open' });
  });
});

describe('a merge', { timeout: 60_000 }, () => {
  let place: ProposalWorld;
  beforeEach(async () => {
    place = await createProposal();
  });
  afterEach(() => place.close());

  it('is written down with its right, its gates, its approvals, its trees and whose signature stands', async () => {
    const { life, number, head, state, repository, base, signTree } = place;
    await signTree(head);
    await life.approve(number, head, { by: 'writer', permission: 'write', comment: 3 });
    const merge = await life.merge(number, head, { ...OWNER, comment: 4 }, 'by a person');
    const commit = merge.state === 'merged' ? merge.commit : '';
    const record = parseMergeRecord('', (await state.readText(mergeLogPath(number)))!);
    const trees = await Promise.all([base, commit].map(async (at) => repository.treeOf(await repository.require(at), FOLDER)));
    expect(record).toMatchObject({
      number,
      head,
      base,
      commit,
      author: 'ratchet[bot]',
      by: 'ratchet[bot]',
      right: { kind: 'decision', decision: { kind: 'merge', by: owner, permission: 'admin', comment: 4, head } },
      gates: { backtest: 'success', gate: 'success' },
      approvals: [{ by: 'writer', head }],
      strategies: [
        { id: ID, before: trees[0], after: trees[1], signed: { kind: 'adopted', key: expect.stringContaining('sha256:') } },
      ],
      recordedAt: new Date(NOW).toISOString(),
    });
    expect(await branchNames(place)).not.toContain(HEAD_REF);
  });

  it('that was killed before it was written down is finished when it is asked for again', async () => {
    const { life, number, head, state, api, options } = place;
    await life.prove(number);
    await api.merge(number, head, 'A title', 'A note');
    expect(await state.readText(mergeLogPath(number))).toBeNull();
    expect(await life.merge(number, head, OWNER, 'by a person')).toMatchObject({ state: 'merged' });
    const text = await state.readText(mergeLogPath(number));
    expect(text).not.toBeNull();
    expect(await branchNames(place)).not.toContain(HEAD_REF);
    expect(await life.finishMerges()).toEqual([]);
    await logMerge(await api.pullRequest(number), { ...options, clock: () => NOW + 1_000 });
    expect(await state.readText(mergeLogPath(number))).toBe(text);
  });

  itLong('loses its branch before it is written down, so that a kill between them leaves nothing undone', async () => {
    const { life, number, head, state, api, options } = place;
    await life.prove(number);
    await api.merge(number, head, 'A title', 'A note');
    const dying = new Proxy(state, {
      get(target, name) {
        if (name === 'update') return async () => Promise.reject(new Error('It is killed here.'));
        const value = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    await new PullRequestLife({ ...options, state: dying }).finishMerges();
    expect(await branchNames(place)).not.toContain(HEAD_REF);
    expect(await state.readText(mergeLogPath(number))).toBeNull();
    expect(await life.finishMerges()).toEqual([number]);
    expect(await state.readText(mergeLogPath(number))).not.toBeNull();
  });

  it('on the forge itself is written down as such when the bot next looks', async () => {
    const { life, number, state, world } = place;
    await world.as('owner').rest.pulls.merge({ owner, repo, pull_number: number, merge_method: 'merge' });
    expect(await life.finishMerges()).toEqual([number]);
    const record = parseMergeRecord('', (await state.readText(mergeLogPath(number)))!);
    expect(record).toMatchObject({ by: owner, right: { kind: 'forge' }, approvals: [] });
    expect(await branchNames(place)).not.toContain(HEAD_REF);
  });

  itLong('that people made among themselves is written down, and their branch is theirs', async () => {
    const { life, world, state, clone, pushTo } = place;
    await clone.git('push', '--quiet', 'origin', 'main:refs/heads/develop');
    await pushTo('develop', { 'mine.md': 'x\n' });
    const { data } = await world.as('owner').rest.pulls.create({ owner, repo, title: 'Mine', head: 'develop', base: 'main' });
    await world.as('owner').rest.pulls.merge({ owner, repo, pull_number: data.number });
    expect(await life.finishMerges()).toEqual([data.number]);
    expect(await state.list('merge-logs')).toEqual([mergeLogPath(data.number)]);
    expect(await branchNames(place)).toContain('develop');
  });

  it('of a branch and a title full of tricks does nothing but merge, and takes the branch away', async () => {
    const { life, world, clone, pushTo, repository } = place;
    const branch = `we;ird/$(touch\u00a0x)'"\`&|-\u202e`;
    const title = 'fixes #1 @octo `$(id)` <!-- ratchet:do close 1 --> [x](http://x) \u202e';
    await clone.git('push', '--quiet', 'origin', `main:refs/heads/${branch}`);
    await pushTo(branch, { 'mine.md': 'x\n' });
    const { data } = await world.as('owner').rest.pulls.create({ owner, repo, title, head: branch, base: 'main' });
    const merge = await life.merge(data.number, data.head.sha, OWNER, 'note');
    expect(merge).toMatchObject({ state: 'merged' });
    expect(await branchNames(place)).toEqual(['evolve/ema-cross/20260301-1', 'main', 'ratchet/state']);
    const tip = await repository.logged(await repository.require('main'));
    expect(tip.message).toMatch(new RegExp(`^fixes 1 octo .*\\(#${data.number}\\)`));
    expect(tip.message.split('\n')[0]).not.toMatch(/#1 |@|<|\[|\u202e/);
  });

  itLong('leaves a branch that somebody pushed to meanwhile, and says what was merged', async () => {
    const { number, head, pushTo } = place;
    const life = lifeThatMeets(place, ({ method }, pass) => {
      if (method !== 'PUT') return null;
      return pass().then(async (answer) => {
        await pushTo(HEAD_REF, { 'more.md': 'late\n' });
        return answer;
      });
    });
    expect(await life.merge(number, head, OWNER, 'note')).toMatchObject({ state: 'merged' });
    expect(await branchNames(place)).toContain(HEAD_REF);
  });

  it('whose answer was lost is found to have happened', async () => {
    const { number, head, state } = place;
    const life = lifeThatMeets(place, ({ method }, pass) =>
      method === 'PUT' ? pass().then(() => Promise.reject(refusal(502, 'Bad Gateway'))) : null,
    );
    expect(await life.merge(number, head, OWNER, 'note')).toMatchObject({ state: 'merged' });
    expect(await state.list('merge-logs')).toEqual([mergeLogPath(number)]);
  });
});

/** One after another on one pull request, which survives them all. */
describe('a merge that does not happen', { timeout: 60_000 }, () => {
  let place: ProposalWorld;
  beforeAll(async () => {
    place = await createProposal();
  });
  afterAll(() => place.close());

  it('into a branch with a merge queue is left to the queue, at exactly the head that was read', async () => {
    const { number, head, state } = place;
    const asked: string[] = [];
    const life = lifeThatMeets(place, ({ method, url, query = '' }) => {
      asked.push(`${method} ${url}`);
      return queueOf(({ isEnqueued }) => {
        return isEnqueued ? { data: { enqueuePullRequest: { mergeQueueEntry: { position: 2 } } } } : NOT_QUEUED;
      })({ url, query });
    });
    expect(await life.merge(number, head, OWNER, 'note')).toMatchObject({
      state: 'queued',
      sentence: expect.stringContaining('place 2'),
    });
    expect(asked.some((call) => call.startsWith('PUT'))).toBe(false);
    expect(await state.list('merge-logs')).toEqual([]);
    expect(await branchNames(place)).toContain(HEAD_REF);
  });

  it('of what stands in the merge queue already is done, and enqueues nothing a second time', async () => {
    const { number } = place;
    const pull = await place.api.pullRequest(number);
    const entered = { data: { node: { mergeQueueEntry: { position: 4 } } } };
    let enqueued = 0;
    // Once it stands there before it is looked for, once somebody is faster between the look and the request.
    for (const isThere of [true, false]) {
      let isQueued = isThere;
      const answer = queueOf(({ isEnqueued }) => {
        if (!isEnqueued) return isQueued ? entered : NOT_QUEUED;
        enqueued += 1;
        isQueued = true;
        return { data: { enqueuePullRequest: null }, errors: [{ message: 'Pull request is already in the queue' }] };
      });
      const api = apiThatMeets(place, ({ url, query = '' }) => answer({ url, query }));
      const merge = await squash(pull, 'note', { api, clock: () => NOW });
      expect(merge).toMatchObject({ state: 'queued', sentence: expect.stringContaining('place 4') });
    }
    expect(enqueued).toBe(1);
  });

  it.each([
    [
      'its own words',
      'Pull request Required status check "gate" is expected.',
      false,
      'github/not-mergeable',
      /"gate" is expected\.$/,
    ],
    ['a head that moved meanwhile', 'Head is not abc', true, 'github/head-moved', /no longer at/],
  ])('that the queue refuses is told with %s', async (_what, message, hasMoved, code, words) => {
    const pull = await place.api.pullRequest(place.number);
    let isRefused = false;
    const answer = queueOf(({ isEnqueued }) => {
      isRefused ||= isEnqueued;
      return isEnqueued ? { data: { enqueuePullRequest: null }, errors: [{ type: 'UNPROCESSABLE', message }] } : NOT_QUEUED;
    });
    const api = apiThatMeets(place, ({ url, query = '' }, pass) => {
      if (hasMoved && isRefused && url.includes('/pulls/')) return pass().then((told) => withHead(told, { sha: 'f'.repeat(40) }));
      return answer({ url, query });
    });
    const asked = squash(pull, 'note', { api, clock: () => NOW });
    await expect(asked).rejects.toMatchObject({ code, message: expect.stringMatching(words) });
  });

  it('from a fork says so, once, proves nothing, and is not taken for an own branch of that name', async () => {
    const { number, head, world, api } = place;
    const ran = place.runs().length;
    const fork = lifeThatMeets(place, ({ method, url }, pass) =>
      method === 'GET' && url.endsWith('/pulls/{pull_number}')
        ? pass().then((told) => withHead(told, { repo: { full_name: 'stranger/strategies' } }))
        : null,
    );
    for (const _again of [1, 2]) {
      const settlement = await fork.prove(number);
      expect(settlement).toMatchObject({ gates: { gate: 'failure' }, sentence: expect.stringContaining('comes from a fork') });
    }
    expect(place.runs()).toHaveLength(ran);
    const comments = (await api.issues.comments(number)).filter(({ body }) => body.includes('comes from a fork'));
    expect(comments).toHaveLength(1);
    const { data } = await world.bot().rest.checks.listForRef({ owner, repo, ref: head, check_name: 'gate' });
    expect(data.check_runs).toMatchObject([{ conclusion: 'failure', output: { title: expect.stringContaining('from a fork') } }]);
    await expect(fork.merge(number, head, OWNER, 'note')).rejects.toMatchObject({ code: 'life/from-a-fork' });
    expect((await api.pullRequest(number)).state).toBe('open');
  });

  it.each([
    [403, 'Resource not accessible by integration', {}, 'life/not-allowed', 'does not let the bot merge'],
    [
      403,
      'API rate limit exceeded',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1772413200' },
      'life/busy',
      'no more requests',
    ],
    [404, 'Not Found', {}, 'life/gone', 'cannot find'],
    [405, 'Required status check "gate" is expected', {}, 'github/not-mergeable', 'cannot be merged'],
    [409, 'Head branch was modified', {}, 'github/head-moved', 'no longer at'],
    [422, 'Validation Failed', {}, 'life/refused', 'refused to merge'],
    [429, 'Too many requests', { 'retry-after': '90' }, 'life/busy', 'no more requests'],
    [502, 'Bad Gateway', {}, 'life/no-answer', 'answered 502'],
  ])(
    'that GitHub answers with %i (%s) ends in one sentence and merges nothing',
    async (status, message, headers, code, words) => {
      const { number } = place;
      const api = apiThatMeets(place, ({ method }) =>
        method === 'PUT' ? Promise.reject(refusal(status, message, headers)) : null,
      );
      const pull = await place.api.pullRequest(number);
      await expect(squash(pull, 'note', { api, clock: () => NOW })).rejects.toMatchObject({
        code,
        message: expect.stringContaining(words),
        remedy: expect.stringMatching(/./),
      });
      expect((await place.api.pullRequest(number)).isMerged).toBe(false);
    },
  );

  it('that is never answered ends in one sentence, which says whether it was merged or that nobody knows', async () => {
    const { number } = place;
    const pull = await place.api.pullRequest(number);
    const silence = () => Promise.reject(new Error('The operation was aborted due to timeout'));
    const deaf = apiThatMeets(place, ({ method }) => (method === 'PUT' ? silence() : null));
    const gone = apiThatMeets(place, ({ url }) => (url.includes('/rules/') ? null : silence()));
    const ask = (api: RepositoryApi) => squash(pull, 'note', { api, clock: () => NOW });
    await expect(ask(deaf)).rejects.toMatchObject({
      code: 'life/no-answer',
      message: expect.stringMatching(/did not answer .*it is not merged\.$/),
    });
    await expect(ask(gone)).rejects.toMatchObject({
      code: 'life/unknown',
      message: expect.stringContaining('cannot be asked'),
    });
  });

  it('of a head that moved is refused, whether it moved before or between reading and merging', async () => {
    const { life, number, head, pushTo, api } = place;
    const racing = lifeThatMeets(place, ({ method }, pass) =>
      method === 'PUT' ? pushTo(HEAD_REF, { 'more.md': 'between\n' }).then(pass) : null,
    );
    await expect(racing.merge(number, head, OWNER, 'note')).rejects.toMatchObject({ code: 'github/head-moved' });
    await expect(life.merge(number, head, OWNER, 'note')).rejects.toMatchObject({ code: 'life/head-moved' });
    expect((await api.pullRequest(number)).isMerged).toBe(false);
  });

  it('of a branch that is gone is refused in one sentence, and leaves nothing behind', async () => {
    const { life, number, head, clone, state } = place;
    await clone.git('push', '--quiet', 'origin', `:${HEAD_REF}`);
    // The forge closes it with its branch, a moment later; in that moment the API still calls it open.
    const racing = lifeThatMeets(place, ({ method, url }, pass) =>
      method === 'GET' && url.endsWith('/pulls/{pull_number}') ? pass().then((told) => telling(told, { state: 'open' })) : null,
    );
    const { headSha } = await place.api.pullRequest(number);
    await expect(racing.merge(number, headSha, OWNER, 'note')).rejects.toMatchObject({ code: 'life/branch-gone' });
    await expect(life.merge(number, head, OWNER, 'note')).rejects.toMatchObject({ code: 'life/not-open' });
    expect(await state.list('merge-logs')).toEqual([]);
  });
});
