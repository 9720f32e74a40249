import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BOT_PERSON } from '#bot/cli/identity.ts';
import { EVALUATION_PATH } from '#bot/evidence/evaluation.ts';
import { LIFE_PATH, LifePolicy } from '#bot/gates/life-policy.ts';
import { parsePolicy } from '#bot/gates/policies.ts';
import type { ListedPull } from '#bot/github/listed-pull.ts';
import { labelsFor } from '#bot/orchestrator/life/labels.ts';
import { whyNoRoom } from '#bot/orchestrator/life/room-to-propose.ts';
import { archiveByHand, archiveRef, staleBranches, tidyBranches } from '#bot/orchestrator/life/stale-branches.ts';
import { PullRequestLife } from '#bot/orchestrator/pull-request-life.ts';
import { owner, repo } from '#tests/bot/forge/forge-under-test.ts';
import { createProposal, FOLDER, HEAD_REF, ID, OWNER, type ProposalWorld } from './proposal-world.ts';

const DAY_MS = 86_400_000;
const SHIPPED = readFileSync(LIFE_PATH, 'utf8');
const policy = parsePolicy(LIFE_PATH, SHIPPED, LifePolicy);

let place: ProposalWorld;
/** The same, while there is one to close. */
let standing: ProposalWorld | null = null;
const open = async (level = 'propose', policies: Record<string, string> = { [LIFE_PATH]: SHIPPED }) => {
  place = await createProposal(level, { policies });
  standing = place;
};
const close = async () => {
  await standing?.close();
  standing = null;
};

/** A later night's proposal for the same strategy. */
async function later(cycle: string): Promise<number> {
  const { repository, api, base } = place;
  const branch = `evolve/${ID}/${cycle}`;
  const main = await repository.require(base);
  const commit = await repository.commit({
    parent: main,
    changes: new Map([[`${FOLDER}/strategy.ts`, Buffer.from(`export default '${cycle}';\n`)]]),
    message: 'A later night',
    author: BOT_PERSON,
    date: new Date(0),
  });
  await repository.push(branch, commit, { expect: null });
  return (await api.openPullRequest({ title: cycle, body: '', headRef: branch, baseRef: 'main' })).number;
}

const commentsOf = async (number: number) => (await place.api.issues.comments(number)).map(({ body }) => body);

describe('a proposal that a later night has overtaken', { timeout: 60_000 }, () => {
  beforeEach(() => open());
  afterEach(close);

  it('is closed with a link to the newest, the tenth night after the ninth', async () => {
    const { life, api, number } = place;
    const ninth = await later('20260301-9');
    const tenth = await later('20260301-10');
    expect(await life.tend()).toEqual([
      `Closed #${number}: superseded by #${tenth}.`,
      `Closed #${ninth}: superseded by #${tenth}.`,
    ]);
    expect(await commentsOf(number)).toEqual([expect.stringContaining(`Superseded by #${tenth}`)]);
    expect((await api.pullRequest(tenth)).state).toBe('open');
    expect(await life.tend()).toEqual([]);
  });

  it('stays when somebody holds it, or has worked on it', async () => {
    const { life, api, number, pushTo } = place;
    const second = await later('20260302-1');
    await later('20260303-1');
    await life.hold(number, OWNER);
    await pushTo(`evolve/${ID}/20260302-1`, { 'mine.md': 'x\n' });
    expect(await life.tend()).toEqual([]);
    expect([(await api.pullRequest(number)).state, (await api.pullRequest(second)).state]).toEqual(['open', 'open']);
  });
});

describe('a proposal whose evidence went stale', { timeout: 60_000 }, () => {
  beforeAll(() => open());
  afterAll(close);

  it('is left as it is by a main that moved elsewhere', async () => {
    const { life, number, head, api, moveMain } = place;
    await moveMain({ 'README.md': 'Other.\n' });
    expect(await life.tend()).toEqual([]);
    expect((await api.pullRequest(number)).headSha).toBe(head);
  });

  it('is not made again over a person’s commit, and says so once', async () => {
    const { life, number, api, pushTo, moveMain, base, repository } = place;
    const theirs = await pushTo(HEAD_REF, { [`${FOLDER}/strategy.ts`]: 'export default 3;\n' });
    const bytes = await repository.readFile(await repository.require(base), EVALUATION_PATH);
    await moveMain({ [EVALUATION_PATH]: Buffer.from(bytes!).toString().replace('seed: 7', 'seed: 8') });
    expect(await life.tend()).toEqual([]);
    expect(await life.tend()).toEqual([]);
    expect(await commentsOf(number)).toEqual([expect.stringContaining('A Person')]);
    expect((await api.pullRequest(number)).headSha).toBe(theirs);
  });
});

describe('labels', { timeout: 60_000 }, () => {
  beforeAll(() => open('merge-paper'));
  afterAll(close);

  it('say where a pull request stands, follow it, and leave people’s alone', async () => {
    const { life, number, api, world } = place;
    const { body } = await api.pullRequest(number);
    await api.label(number, ['mine', 'strategy:other', 'gates:passed', 'simulated']);
    await life.hold(number, OWNER);
    await world.as('owner').rest.pulls.update({ owner, repo, pull_number: number, body: 'Trust me.' });
    await life.prove(number);
    expect(await api.labels.of(number)).toEqual(expect.arrayContaining(['held', 'gates:failed', 'mine']));
    expect(await api.labels.of(number)).not.toContain('gates:passed');
    await world.as('owner').rest.pulls.update({ owner, repo, pull_number: number, body });
    await life.prove(number);
    await life.release(number, OWNER);
    expect([...(await api.labels.of(number))].sort()).toEqual([
      'gates:passed',
      'held',
      'mine',
      'ratchet',
      'real-candles',
      'stage:paper',
      `strategy:${ID}`,
    ]);
  });

  it('decide nothing: one that says held or passed is taken off again, and holds nobody back', async () => {
    const { life, number, api } = place;
    expect(await api.labels.of(number)).toContain('held');
    expect(await life.prove(number)).toMatchObject({ mergeCommit: expect.any(String) });
    expect(await api.labels.of(number)).not.toContain('held');
  });

  it('name a stage, a strategy, and what the candles were', () => {
    const facts = { isBots: true, strategies: ['a-b'], stages: ['live'], gates: 'failed', isHeld: true, isStale: true } as const;
    expect(labelsFor({ ...facts, candles: 'real' })).toContain('real-candles');
    expect(labelsFor({ ...facts, candles: null }).at(-1)).toBe('stale');
    expect(labelsFor({ ...facts, candles: 'simulated' })).toEqual([
      'ratchet',
      'strategy:a-b',
      'stage:live',
      'gates:failed',
      'held',
      'stale',
      'simulated',
    ]);
  });
});

/** One after another in one repository. */
describe('stale branches', { timeout: 60_000 }, () => {
  beforeAll(() => open());
  afterAll(close);
  const inDays = (days: number) => ({ ...place.options, clock: () => Date.now() + days * DAY_MS });
  const heads = async () => {
    await place.repository.fetch();
    return (await place.repository.branches()).map(({ name }) => name);
  };

  it('are those whose pull request is closed for long; they are archived after their term, under a ref that has their tip', async () => {
    const { api, number, head, clone } = place;
    expect(await staleBranches(inDays(100))).toEqual([]);
    await api.closePullRequest(number);
    expect(await staleBranches(inDays(13))).toEqual([]);
    expect(await staleBranches(inDays(20))).toMatchObject([
      { name: HEAD_REF, tip: head, why: `its pull request #${number} is closed` },
    ]);
    expect(await tidyBranches(inDays(20))).toEqual([]);
    expect(await tidyBranches(inDays(61))).toEqual([`Archived ${HEAD_REF} as ${archiveRef(HEAD_REF, head)}.`]);
    expect(await heads()).not.toContain(HEAD_REF);
    expect(await clone.git('ls-remote', 'origin', archiveRef(HEAD_REF, head))).toContain(head);
    expect(await tidyBranches(inDays(99))).toEqual([]);
  });

  it('with work that is in no pull request are announced first, and kept by a commit', async () => {
    const { clone, pushTo } = place;
    for (const name of ['mine', 'gh-pages', 'release/1']) await clone.git('push', '--quiet', 'origin', `main:refs/heads/${name}`);
    await pushTo('mine', { 'mine.md': 'x\n' });
    await heads();
    expect((await staleBranches(inDays(61))).map(({ name }) => name)).toEqual(['mine']);
    expect(await tidyBranches(inDays(61))).toEqual(['Announced that mine will be archived.']);
    expect(await tidyBranches(inDays(70))).toEqual([]);
    await pushTo('mine', { 'mine.md': 'y\n' });
    expect(await tidyBranches(inDays(80))).toEqual(['Announced that mine will be archived.']);
    expect(await tidyBranches(inDays(95))).toEqual([expect.stringMatching(/^Archived mine as refs\/archive\//)]);
    expect(await heads()).toEqual(expect.arrayContaining(['gh-pages', 'release/1', 'main']));
  });

  it('that somebody moved while they were being archived stay whole', async () => {
    const { clone, api, pushTo, repository } = place;
    await clone.git('push', '--quiet', 'origin', 'main:refs/heads/racing');
    await pushTo('racing', { 'early.md': 'x\n' });
    const { number } = await api.openPullRequest({ title: 'Racing', body: '', headRef: 'racing', baseRef: 'main' });
    await api.closePullRequest(number);
    const options = inDays(100);
    const racing = new Proxy(repository, {
      get: (target, name) => {
        const value = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        if (name !== 'pushTogether') return value.bind(target);
        return async (...args: Parameters<typeof repository.pushTogether>) => {
          await pushTo('racing', { 'late.md': 'x\n' });
          return repository.pushTogether(...args);
        };
      },
    });
    const done = await tidyBranches({ ...options, repository: racing });
    expect(done).toEqual([]);
    expect(await heads()).toContain('racing');
  });

  it('and others go at once when a person says so, but not what is protected, kept or in an open pull request', async () => {
    const { clone, options, base, pushTo } = place;
    await clone.git('push', '--quiet', 'origin', 'main:refs/heads/old');
    const waiting = `evolve/${ID}/20260309-1`;
    await later('20260309-1');
    const tip = await pushTo('old', { 'old.md': 'x\n' });
    for (const name of ['main', 'ratchet/state', 'gh-pages', waiting, 'nowhere', '--all'])
      await expect(archiveByHand(name, options)).rejects.toMatchObject({
        code: expect.stringMatching(/^life\/(kept|no)-branch$/),
      });
    expect(await archiveByHand('old', options)).toBe(archiveRef('old', tip));
    expect(await heads()).not.toContain('old');
    expect(await place.repository.resolve('main')).toBe(base);
  });
});

describe('where main has no policy for them', { timeout: 60_000 }, () => {
  afterEach(close);

  it('branches and proposals are left alone', async () => {
    await open('propose', {});
    await place.api.closePullRequest(place.number);
    expect(await staleBranches({ ...place.options, clock: () => Date.now() + 900 * DAY_MS })).toEqual([]);
    expect(await new PullRequestLife({ ...place.options, clock: () => Date.now() + 900 * DAY_MS }).tend()).toEqual([]);
  });
});

describe('room for another proposal', () => {
  const now = Date.UTC(2026, 2, 2, 12);
  const pull = (number: number, minutesAgo: number, state: ListedPull['state'] = 'open', folder = 'evolve'): ListedPull => ({
    number,
    headRef: `${folder}/s${number}/20260301-1`,
    headSha: 'a'.repeat(40),
    author: 'ratchet[bot]',
    state,
    isMerged: false,
    openedAt: new Date(now - minutesAgo * 60_000).toISOString(),
    closedAt: null,
  });
  const many = (count: number, ...rest: [number, ListedPull['state']?, string?]) =>
    Array.from({ length: count }, (_, index) => pull(index + 1, ...rest));

  it('ends where as many wait as the policy allows, or as many were opened within the hour', () => {
    expect(whyNoRoom(policy, many(4, 300), '', now)).toBeNull();
    expect(whyNoRoom(policy, many(5, 300), '', now)).toMatch(/^5 proposals wait already/);
    expect(whyNoRoom(policy, many(10, 59, 'closed', 'roll-back'), '', now)).toMatch(/^10 pull requests were opened/);
    expect(whyNoRoom(policy, many(10, 61, 'closed'), '', now)).toBeNull();
  });

  it('counts neither people’s pull requests nor the one that asks', () => {
    expect(whyNoRoom(policy, many(20, 1, 'open', 'feature'), '', now)).toBeNull();
    expect(whyNoRoom(policy, many(5, 300), pull(1, 0).headRef, now)).toBeNull();
  });
});

describe('the policy', () => {
  it.each([
    ['a term that ends before it begins', { archiveAfterDays: 10 }],
    ['no days at all', { staleAfterDays: 0 }],
    ['a word it does not know', { never: true }],
  ])('with %s cannot be read', (_, change) => {
    expect(() => LifePolicy.parse({ ...policy, branches: { ...policy.branches, ...change } })).toThrow();
  });
});
