import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { owner, repo } from '#tests/bot/forge/forge-under-test.ts';
import { createProposal, FOLDER, HEAD_REF, ID, manifest, OWNER, type ProposalWorld } from './proposal-world.ts';

/** One after another on one pull request; the last of them takes it out of the bot's hands. */
describe('a proposal that is made again', { timeout: 60_000 }, () => {
  let place: ProposalWorld;
  beforeAll(async () => {
    place = await createProposal();
  });
  afterAll(() => place.close());

  it('stands on the present main with the files and the evidence it had, and its description says so', async () => {
    const { life, number, head, api, repository, moveMain } = place;
    await expect(life.rebase(number)).rejects.toMatchObject({ code: 'life/fresh' });
    const tip = await moveMain({ 'README.md': 'Another page.\n' });
    const { from, to, sentence } = await life.rebase(number);
    expect({ from, sentence }).toEqual({ from: head, sentence: 'Its evidence holds on the present main, and is as it was.' });
    const made = await repository.require(to);
    expect(await repository.treeOf(made, FOLDER)).toBe(await repository.treeOf(await repository.require(head), FOLDER));
    expect((await repository.firstParentLog(await repository.require(tip), made)).map(({ message }) => message)).toEqual([
      'A night',
    ]);
    const pull = await api.pullRequest(number);
    expect(pull).toMatchObject({ headSha: to, state: 'open' });
    expect(pull.body).toContain(to);
    expect(await life.prove(number)).toMatchObject({ sentence: 'All gates passed; a person decides.' });
  });

  it('and was killed after its push gets its description on the next try', async () => {
    const { life, number, api, world, moveMain } = place;
    const old = (await api.pullRequest(number)).body;
    await moveMain({ 'README.md': 'A third page.\n' });
    const { to } = await life.rebase(number);
    await world.as('owner').rest.pulls.update({ owner, repo, pull_number: number, body: old });
    await expect(life.rebase(number)).rejects.toMatchObject({ remedy: 'Its description was written again.' });
    expect((await api.pullRequest(number)).body).toContain(to);
  });

  it('is the bot’s, or is not made again', async () => {
    const { life, world, pushTo, clone } = place;
    await clone.git('push', '--quiet', 'origin', 'main:refs/heads/mine');
    await pushTo('mine', { 'mine.md': 'x\n' });
    const { data } = await world.as('owner').rest.pulls.create({ owner, repo, title: 'Mine', head: 'mine', base: 'main' });
    await expect(life.rebase(data.number)).rejects.toMatchObject({ code: 'life/not-the-bots' });
  });

  it('conflicts with a main that has changed the same file, and is not touched', async () => {
    const { life, number, api, moveMain } = place;
    const { headSha } = await api.pullRequest(number);
    await moveMain({ [`${FOLDER}/manifest.yaml`]: manifest('canary') });
    await expect(life.rebase(number)).rejects.toMatchObject({
      code: 'life/conflict',
      message: expect.stringContaining(`${FOLDER}/manifest.yaml`),
    });
    expect((await api.pullRequest(number)).headSha).toBe(headSha);
  });

  it("is left alone when a person's commit stands on it", async () => {
    const { life, number, api, pushTo } = place;
    const theirs = await pushTo(HEAD_REF, { [`${FOLDER}/strategy.ts`]: 'export default 3;\n' });
    await expect(life.rebase(number)).rejects.toMatchObject({
      code: 'life/foreign-commits',
      message: expect.stringContaining('A Person'),
    });
    expect((await api.pullRequest(number)).headSha).toBe(theirs);
  });
});

/** One after another: the engine's wish, then a person's. */
describe('what the bot opens on demand', { timeout: 60_000 }, () => {
  let place: ProposalWorld;
  beforeAll(async () => {
    place = await createProposal();
    await place.moveMain({ [`${FOLDER}/strategy.ts`]: 'export default 9;\n', [`${FOLDER}/notes.md`]: 'New.\n' });
  });
  afterAll(() => place.close());
  const whole = { strategy: ID, version: null, why: 'The drawdown was breached; see @everyone\nfixes #1.' };

  it('leads back only to what was signed, and to what main was at', async () => {
    const { life, base, signTree } = place;
    const ask = (version: string | null, strategy = ID) => life.proposeRollBack({ strategy, version, by: OWNER, why: 'x' });
    await expect(ask(null)).rejects.toMatchObject({ code: 'life/no-version', message: expect.stringContaining('signature') });
    await signTree(base);
    await expect(ask('feedface')).rejects.toMatchObject({ code: 'life/no-version' });
    await expect(ask('../x')).rejects.toMatchObject({ code: 'life/no-version' });
    await expect(ask(null, '../policies')).rejects.toMatchObject({ code: 'life/no-strategy' });
    await expect(ask(null, 'nobody')).rejects.toMatchObject({ code: 'life/no-strategy' });
  });

  it('a way back that the engine wishes for is the bot’s until a person approves of exactly that head, and is opened once', async () => {
    const { life, api, asked, runs } = place;
    const { number, head } = await life.proposeRollBack({ ...whole, by: null, issue: 1 });
    await life.prove(number);
    expect(runs().at(-1)).toMatch(/ bot$/);
    expect((await api.pullRequest(number)).body).toContain(`/approve ${head}`);
    await life.approve(number, head, OWNER);
    expect(asked).toEqual([number]);
    await life.prove(number, 'afresh');
    expect(runs().at(-1)).toMatch(/ person$/);
    await life.close(number, OWNER);
    expect(await life.proposeRollBack({ ...whole, by: null })).toMatchObject({ number, isNew: false });
  });

  it('a way back brings the very tree that ran before, as the change of the person who asked for it', async () => {
    const { life, base, repository, api, asked, runs } = place;
    const proposed = await life.proposeRollBack({ ...whole, version: base.slice(0, 9), by: OWNER });
    const tree = await repository.treeOf(await repository.require(base), FOLDER);
    expect(await repository.treeOf(await repository.require(proposed.head), FOLDER)).toBe(tree);
    expect(proposed).toMatchObject({ isNew: true });
    expect(asked.at(-1)).toBe(proposed.number);
    await life.prove(proposed.number);
    expect(runs().at(-1)).toMatch(/ person$/);
    const { body } = await api.pullRequest(proposed.number);
    expect(body).toContain(`Asked for by @${owner}`);
    expect(body).not.toMatch(/(^|[^\w&#;])@everyone|fixes #1/);
    expect(await life.proposeRollBack({ ...whole, by: OWNER })).toMatchObject({ number: proposed.number, isNew: false });
  });

  it('another stage is one changed line, as the change of whoever asked', async () => {
    const { life, repository, runs } = place;
    const proposed = await life.proposeStage({ strategy: ID, stage: 'canary', by: OWNER });
    const [from, to] = await Promise.all([repository.require('main'), repository.require(proposed.head)]);
    expect(await repository.diff(from, to)).toMatchObject([{ path: `${FOLDER}/manifest.yaml`, additions: 1, deletions: 1 }]);
    await life.prove(proposed.number);
    expect(runs().at(-1)).toMatch(/ person$/);
    await expect(life.proposeStage({ strategy: ID, stage: 'paper', by: OWNER })).rejects.toMatchObject({
      code: 'life/same-stage',
    });
    expect(await life.proposeStage({ strategy: ID, stage: 'canary', by: OWNER })).toMatchObject({ isNew: false });
  });
});
