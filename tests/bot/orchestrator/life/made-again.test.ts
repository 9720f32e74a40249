import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { owner, repo } from '#tests/bot/forge/forge-under-test.ts';
import { createProposal, FOLDER, HEAD_REF, ID, manifest, OWNER, type ProposalWorld } from './proposal-world.ts';

let place: ProposalWorld;
beforeEach(async () => {
  place = await createProposal();
});
afterEach(() => place.close());

describe('a proposal that is made again', { timeout: 60_000 }, () => {
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
    await expect(life.rebase(number)).rejects.toMatchObject({ code: 'life/fresh' });
  });

  it('that was killed after its push gets its description on the next try', async () => {
    const { life, number, api, world, moveMain } = place;
    await moveMain({ 'README.md': 'Another page.\n' });
    const old = (await api.pullRequest(number)).body;
    const { to } = await life.rebase(number);
    await world.as('owner').rest.pulls.update({ owner, repo, pull_number: number, body: old });
    await expect(life.rebase(number)).rejects.toMatchObject({ remedy: 'Its description was written again.' });
    expect((await api.pullRequest(number)).body).toContain(to);
  });

  it("is left alone when a person's commit stands on it", async () => {
    const { life, number, api, moveMain, pushTo } = place;
    await moveMain({ 'README.md': 'Another page.\n' });
    const theirs = await pushTo(HEAD_REF, { [`${FOLDER}/strategy.ts`]: 'export default 3;\n' });
    await expect(life.rebase(number)).rejects.toMatchObject({
      code: 'life/foreign-commits',
      message: expect.stringContaining('A Person'),
    });
    expect((await api.pullRequest(number)).headSha).toBe(theirs);
  });

  it('conflicts with a main that has changed the same file, and is not touched', async () => {
    const { life, number, head, api, moveMain } = place;
    await moveMain({ [`${FOLDER}/manifest.yaml`]: manifest('canary') });
    await expect(life.rebase(number)).rejects.toMatchObject({
      code: 'life/conflict',
      message: expect.stringContaining(`${FOLDER}/manifest.yaml`),
    });
    expect((await api.pullRequest(number)).headSha).toBe(head);
  });

  it('is refused for a pull request that is not the bot’s', async () => {
    const { life, world, pushTo } = place;
    await place.clone.git('push', '--quiet', 'origin', 'main:refs/heads/mine');
    await pushTo('mine', { 'mine.md': 'x\n' });
    const { data } = await world.as('owner').rest.pulls.create({ owner, repo, title: 'Mine', head: 'mine', base: 'main' });
    await expect(life.rebase(data.number)).rejects.toMatchObject({ code: 'life/not-the-bots' });
  });
});

describe('a way back', { timeout: 60_000 }, () => {
  const whole = { strategy: ID, version: null, why: 'The drawdown was breached; see @everyone\nfixes #1.' };

  it('brings back the very tree that ran before, as the change of the person who asked for it', async () => {
    const { life, base, repository, api, asked, runs, moveMain, signTree } = place;
    await signTree(base);
    await moveMain({ [`${FOLDER}/strategy.ts`]: 'export default 9;\n', [`${FOLDER}/notes.md`]: 'New.\n' });
    const proposed = await life.proposeRollBack({ ...whole, by: OWNER });
    const tree = await repository.treeOf(await repository.require(base), FOLDER);
    expect(await repository.treeOf(await repository.require(proposed.head), FOLDER)).toBe(tree);
    expect(proposed).toMatchObject({ isNew: true });
    expect(asked).toEqual([proposed.number]);
    await life.prove(proposed.number);
    expect(runs().at(-1)).toMatch(/ person$/);
    const { body } = await api.pullRequest(proposed.number);
    expect(body).toContain(`Asked for by @${owner}`);
    expect(body).not.toMatch(/(^|[^\w&#;])@everyone|fixes #1/);
    const again = await life.proposeRollBack({ ...whole, by: OWNER });
    expect(again).toMatchObject({ number: proposed.number, isNew: false });
  });

  it('that the engine wishes for is the bot’s until a person approves of exactly that head, and is opened once', async () => {
    const { life, base, api, asked, runs, moveMain, signTree } = place;
    await signTree(base);
    await moveMain({ [`${FOLDER}/strategy.ts`]: 'export default 9;\n' });
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
    expect(await life.proposeRollBack({ ...whole, by: OWNER })).toMatchObject({ isNew: true });
  });

  it('leads only to what was signed, and to what main was at', async () => {
    const { life, base, moveMain, signTree } = place;
    await moveMain({ [`${FOLDER}/strategy.ts`]: 'export default 9;\n' });
    const ask = (version: string | null, strategy = ID) => life.proposeRollBack({ strategy, version, by: OWNER, why: 'x' });
    await expect(ask(null)).rejects.toMatchObject({ code: 'life/no-version', message: expect.stringContaining('signature') });
    await signTree(base);
    await expect(ask('feedface')).rejects.toMatchObject({ code: 'life/no-version' });
    await expect(ask('../x')).rejects.toMatchObject({ code: 'life/no-version' });
    await expect(ask(null, '../policies')).rejects.toMatchObject({ code: 'life/no-strategy' });
    await expect(ask(null, 'nobody')).rejects.toMatchObject({ code: 'life/no-strategy' });
    expect(await ask(base.slice(0, 9))).toMatchObject({ isNew: true });
  });
});

describe('another stage', { timeout: 60_000 }, () => {
  it('is asked for in a pull request that changes that one line, as the change of whoever asked', async () => {
    const { life, repository, base, runs } = place;
    const proposed = await life.proposeStage({ strategy: ID, stage: 'canary', by: OWNER });
    const [from, to] = await Promise.all([repository.require(base), repository.require(proposed.head)]);
    expect(await repository.diff(from, to)).toMatchObject([{ path: `${FOLDER}/manifest.yaml`, additions: 1, deletions: 1 }]);
    await life.prove(proposed.number);
    expect(runs().at(-1)).toMatch(/ person$/);
    await expect(life.proposeStage({ strategy: ID, stage: 'paper', by: OWNER })).rejects.toMatchObject({
      code: 'life/same-stage',
    });
    expect(await life.proposeStage({ strategy: ID, stage: 'canary', by: OWNER })).toMatchObject({ isNew: false });
  });
});
