import { afterEach, describe, expect, it } from 'vitest';
import { RepositoryApi } from '#bot/github/repository-api.ts';
import { readDecisions } from '#bot/orchestrator/life/decisions.ts';
import { logMerge, mergeLogPath } from '#bot/orchestrator/life/merge-log.ts';
import { PullRequestLife } from '#bot/orchestrator/pull-request-life.ts';
import { owner, repo } from '#tests/bot/forge/forge-under-test.ts';
import { createProposal, FOLDER, HEAD_REF, ID, OWNER, type ProposalWorld } from './proposal-world.ts';

/** Whoever may push branches, edit texts or write on the state branch, against what the bot does by itself or in a person's name. */
let place: ProposalWorld;
afterEach(() => place.close());

const asWriter = () => place.world.as('writer').rest.pulls;
const isMerged = async () => (await place.api.pullRequest(place.number)).isMerged;

/** The life of a bot during whose gates something happens, once. */
function lifeDuring(happens: () => Promise<unknown>): PullRequestLife {
  let isDone = false;
  const client = place.world.bot();
  // The first check is written when the gates begin.
  client.hook.before('request', async (call) => {
    if (isDone || call.method !== 'POST' || !call.url.endsWith('/check-runs')) return;
    isDone = true;
    await happens();
  });
  const api = new RepositoryApi(client, { owner, name: repo }, place.world.app.appId);
  return new PullRequestLife({ ...place.options, api });
}

describe('what the bot merges by itself', { timeout: 60_000 }, () => {
  it('is not what somebody has pushed onto its branch', async () => {
    place = await createProposal('merge-paper');
    await place.pushTo(HEAD_REF, { [`${FOLDER}/strategy.ts`]: 'export default 666;\n' });
    expect(await place.life.prove(place.number, 'afresh')).toMatchObject({ sentence: 'All gates passed; a person decides.' });
    expect(await isMerged()).toBe(false);
  });

  it('is not what was proven by the rules for a person, in whose pull request the same commit stands', async () => {
    place = await createProposal('propose');
    const { clone, head, life, number, base } = place;
    await clone.git('fetch', '--quiet', 'origin', HEAD_REF);
    await clone.git('push', '--quiet', 'origin', `${head}:refs/heads/mine`);
    const { data } = await asWriter().create({ owner, repo, title: 'Mine', head: 'mine', base: 'main' });
    await life.prove(data.number);
    await life.prove(number);
    expect(place.runs()).toEqual([`${base} ${head} person`, `${base} ${head} bot`]);
  });

  it('is nothing that takes a file from elsewhere into a strategy’s folder', async () => {
    place = await createProposal('merge-paper', { policies: { 'policies/long.yaml': 'a: 1\n'.repeat(50) } });
    const { repository, head, options, number } = place;
    const moved = await repository.commit({
      parent: await repository.require(head),
      changes: new Map([
        ['policies/long.yaml', null],
        [`${FOLDER}/notes.md`, Buffer.from('a: 1\n'.repeat(50))],
      ]),
      message: 'Moved',
      author: options.author,
      date: new Date(0),
    });
    await repository.push(HEAD_REF, moved);
    expect(await place.life.prove(number, 'afresh')).toMatchObject({ sentence: 'All gates passed; a person decides.' });
  });
});

describe('while the gates look', { timeout: 60_000 }, () => {
  it.each<[string, string, () => Promise<unknown>]>([
    [
      'led into another branch',
      'life/other-base',
      () => asWriter().update({ owner, repo, pull_number: place.number, base: 'lax' }),
    ],
    ['given another description', 'life/edited', () => asWriter().update({ owner, repo, pull_number: place.number, body: 'x' })],
    ['pushed to', 'life/head-moved', () => place.pushTo(HEAD_REF, { 'more.md': 'x\n' })],
    ['overtaken by other policies', 'life/main-moved', () => place.moveMain({ 'policies/more.yaml': 'a: 1\n' })],
  ])('a pull request that is %s is not merged', async (_what, code, happens) => {
    place = await createProposal();
    await place.clone.git('push', '--quiet', 'origin', 'main:refs/heads/lax');
    await expect(lifeDuring(happens).merge(place.number, place.head, OWNER, 'note')).rejects.toMatchObject({ code });
    expect(await isMerged()).toBe(false);
    expect(await readDecisions(place.state, place.number)).toEqual([]);
  });
});

describe('what a person asks the bot to propose', { timeout: 60_000 }, () => {
  it('is decided for no commit that somebody else has pushed onto its branch', async () => {
    place = await createProposal();
    const { life, state, api } = place;
    const ask = () => life.proposeStage({ strategy: ID, stage: 'canary', by: OWNER });
    const { number } = await ask();
    const { headRef } = await api.pullRequest(number);
    await place.pushTo(headRef, { [`${FOLDER}/strategy.ts`]: 'export default 666;\n' });
    await place.repository.fetch();
    const before = await readDecisions(state, number);
    await expect(ask()).rejects.toMatchObject({ code: 'life/foreign-commits', message: expect.stringContaining(`#${number}`) });
    expect(await readDecisions(state, number)).toEqual(before);
  });

  it('is not somebody else’s pull request from a branch of that name', async () => {
    place = await createProposal();
    const { life, clone, repository, base } = place;
    const tree = (await repository.treeOf(await repository.require(base), FOLDER))!;
    const branch = `stage/${ID}/canary-${tree.slice(0, 12)}`;
    await clone.git('push', '--quiet', 'origin', `main:refs/heads/${branch}`);
    await place.pushTo(branch, { [`${FOLDER}/strategy.ts`]: 'export default 666;\n' });
    await asWriter().create({ owner, repo, title: `${ID}: from paper to canary`, head: branch, base: 'main' });
    await repository.fetch();
    await expect(life.proposeStage({ strategy: ID, stage: 'canary', by: OWNER })).rejects.toMatchObject({
      code: 'life/foreign-commits',
    });
  });
});

describe('a merge log that stands before there was a merge', { timeout: 60_000 }, () => {
  it('is not taken for the record of the merge', async () => {
    place = await createProposal();
    const { life, number, head, state, api, options } = place;
    await life.merge(number, head, OWNER, 'note');
    const path = mergeLogPath(number);
    const forged = (await state.readText(path))!.replaceAll(head, 'a'.repeat(40));
    await state.update('forge', () => new Map([[path, Buffer.from(forged)]]));
    await expect(logMerge(await api.pullRequest(number), options)).rejects.toMatchObject({ code: 'life/merge-log' });
    expect(await state.readText(path)).toBe(forged);
  });
});
