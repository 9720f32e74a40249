import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PACK_PATH } from '#bot/evidence/pack.ts';
import { FINAL_GATE } from '#bot/gates/outcome.ts';
import type { AutonomyLevel } from '#bot/gates/policies.ts';
import type { RepositoryApi } from '#bot/github/repository-api.ts';
import { mayMerge } from '#bot/orchestrator/autonomy.ts';
import type { PullRequestLife } from '#bot/orchestrator/pull-request-life.ts';
import { owner, repo, type World } from '#tests/bot/forge/forge-under-test.ts';
import { canaryNight } from '#tests/support/canary-night.ts';
import { itLong } from '#tests/support/long.ts';
import { createProposal, FOLDER, HEAD_REF, OWNER, type ProposalWorld } from './life/proposal-world.ts';

/** While there is one to close. */
let open: ProposalWorld | null = null;
let world: World;
let api: RepositoryApi;
let life: PullRequestLife;
let number: number;

async function propose(...args: Parameters<typeof createProposal>): Promise<void> {
  open = await createProposal(...args);
  ({ world, api, life, number } = open);
}
const runs = () => open!.runs();
const said = () => open!.said;
const moveMain = (files: Record<string, string | null>) => open!.moveMain(files);

afterEach(async () => {
  await open?.close();
  open = null;
});

describe('when main moves under a proven pull request', { timeout: 60_000 }, () => {
  beforeEach(async () => {
    await propose('propose');
    expect(await life.prove(number)).toMatchObject({ sentence: 'All gates passed; a person decides.', mergeCommit: null });
    expect(runs()).toHaveLength(1);
  });

  it('it stays proven while a document moved, and can be merged on the new main', async () => {
    await moveMain({ 'README.md': 'Another page.\n' });
    expect(await life.prove(number)).toMatchObject({ sentence: 'All gates passed; a person decides.' });
    expect(said().at(-1)).toContain('nothing it was proven by did');
    const { headSha } = await api.pullRequest(number);
    const merged = await life.merge(number, headSha, OWNER, 'by a person');
    expect(runs()).toHaveLength(1);
    expect(merged).toEqual({ state: 'merged', commit: (await api.pullRequest(number)).mergeCommit });
  });

  it('it is proven again when a policy moved, and only on the main that has it', async () => {
    const tip = await moveMain({ 'policies/more.yaml': 'a: 1\n' });
    await life.prove(number);
    expect(said().join('\n')).toContain('main has other policies than those it was judged by');
    expect(runs().map((line) => line.split(' ')[0])).toEqual([expect.any(String), tip]);
  });

  itLong('it is proven again before a merge when what it replaces has moved', async () => {
    await moveMain({ [`${FOLDER}/notes.md`]: 'By hand.\n' });
    const { headSha } = await api.pullRequest(number);
    await life.merge(number, headSha, OWNER, 'by a person');
    expect(runs()).toHaveLength(2);
  });

  itLong("it is proven on the merge queue's own commit, when the queue asks", async () => {
    const queued = await moveMain({ 'queued.md': 'What stands before it in the queue.\n' });
    const { headSha } = await api.pullRequest(number);
    expect(await life.proveInQueue(number, headSha, queued)).toMatchObject({ [FINAL_GATE]: 'success' });
    expect(runs().at(-1)).toBe(`${queued} ${headSha} bot`);
  });

  itLong('it is proven again whatever moved when a person asks', async () => {
    await life.prove(number, 'afresh');
    expect(runs()).toHaveLength(2);
  });
});

describe('a description that was edited by hand', { timeout: 60_000 }, () => {
  const edit = (text: { title?: string; body?: string }) =>
    world.as('owner').rest.pulls.update({ owner, repo, pull_number: number, ...text });
  const sentence = `The description was edited by hand and no longer says what ${FOLDER}/${PACK_PATH} says; comment /retest to have it written again.`;

  beforeEach(() => propose('merge-paper'));

  it('in its body, in one digit or in its title, fails the gate in one sentence, runs nothing and merges nothing', async () => {
    const { title, body, headSha } = await api.pullRequest(number);
    const otherDigit = body.replace(/\d(?=%)/, (digit) => String((Number(digit) + 1) % 10));
    expect(otherDigit).not.toBe(body);
    for (const text of [
      { title, body: 'It earns 400 %. Trust me.' },
      { title, body: otherDigit },
      { title: 'Harmless', body },
    ]) {
      await edit(text);
      expect(await life.prove(number)).toMatchObject({ sentence, mergeCommit: null, gates: { [FINAL_GATE]: 'failure' } });
      expect(await api.checkConclusions(headSha)).toEqual({ [FINAL_GATE]: 'failure' });
      await expect(life.merge(number, headSha, OWNER, 'by a person')).rejects.toMatchObject({ code: 'life/edited' });
    }
    expect(runs()).toEqual([]);
    expect((await api.pullRequest(number)).isMerged).toBe(false);
  });

  itLong('is written again when a person asks for the gates, and then counts', async () => {
    const before = await api.pullRequest(number);
    await edit({ body: 'Trust me.' });
    const settlement = await life.prove(number, 'afresh');
    expect(settlement).toMatchObject({ gates: { [FINAL_GATE]: 'success' }, mergeCommit: expect.any(String) });
    expect((await api.pullRequest(number)).body).toBe(before.body);
  });

  itLong(
    'is not mistaken for one written while the embedded forge had another port, but a link elsewhere is an edit',
    async () => {
      const { body } = await api.pullRequest(number);
      const moved = body.replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, 'http://127.0.0.1:1');
      expect(moved).not.toBe(body);
      await edit({ body: body.replace(/http:\/\/127\.0\.0\.1:\d+/, 'http://example.com') });
      expect(await life.prove(number)).toMatchObject({ sentence, mergeCommit: null });
      await edit({ body: moved });
      expect(await life.prove(number)).toMatchObject({ mergeCommit: expect.any(String) });
    },
  );

  itLong('is not mistaken for one that a browser sent with other line ends', async () => {
    const { body } = await api.pullRequest(number);
    await edit({ body: `${body.trimEnd().replaceAll('\n', '\r\n')}\r\n` });
    expect(await life.prove(number)).toMatchObject({ mergeCommit: expect.any(String) });
  });
});

describe('the levels of autonomy', { timeout: 60_000 }, () => {
  it.each<[AutonomyLevel, readonly string[], boolean]>([
    ['merge-paper', ['paper', 'paper'], true],
    ['merge-paper', ['paper', 'canary'], false],
    ['merge-paper', ['live', 'paper'], false],
    ['merge-paper', ['shadow'], false],
    ['merge-paper', [], false],
    ['propose', ['paper', 'paper'], false],
    ['observe', ['paper', 'paper'], false],
  ])('%s, for the stages %j: the bot may merge is %s', (level, stages, expected) => {
    expect(mayMerge(level, stages)).toBe(expected);
  });

  it('merge-paper leaves a step to canary to people', async () => {
    await propose('merge-paper', { after: 'canary' });
    expect(await life.prove(number)).toMatchObject({ sentence: 'All gates passed; a person decides.', mergeCommit: null });
    expect((await api.pullRequest(number)).isMerged).toBe(false);
  });

  it('merge-paper merges nothing while a canary has got past the gates, and merges once that is settled', async () => {
    await propose('merge-paper');
    await canaryNight(open!.state, '20260101-1', 'forges-metrics', 'slipped');
    expect(await life.prove(number)).toMatchObject({ sentence: expect.stringContaining('canary'), mergeCommit: null });
    expect((await api.pullRequest(number)).isMerged).toBe(false);
    await canaryNight(open!.state, '20260102-1', 'forges-metrics', 'stopped');
    await life.prove(number);
    expect((await api.pullRequest(number)).isMerged).toBe(true);
  });

  it('merge-paper merges nothing but strategies', async () => {
    await propose('merge-paper');
    await open!.pushTo(HEAD_REF, { 'README.md': 'Mine.\n' });
    await life.prove(number, 'afresh');
    expect((await api.pullRequest(number)).isMerged).toBe(false);
  });

  it('a level that nobody knows merges nothing, and says which file to mend', async () => {
    await propose('everything');
    await expect(life.prove(number)).rejects.toThrow(/^policies\/autonomy\.yaml cannot be read: levels\.embedded/);
    expect((await api.pullRequest(number)).isMerged).toBe(false);
  });
});
