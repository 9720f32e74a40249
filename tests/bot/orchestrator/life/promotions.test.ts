import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ForwardEvidence, forwardPath, forwardText, READINESS_GATES } from '#bot/gates/forward-evidence.ts';
import { AutonomyLevel } from '#bot/gates/policies.ts';
import { mayMerge } from '#bot/orchestrator/autonomy.ts';
import { Stage } from '#engine/contract/manifest.ts';
import type { EngineStatus } from '#engine/runtime/status.ts';
import { owner, repo } from '#tests/bot/forge/forge-under-test.ts';
import { sampleForward } from '#tests/support/sample-forward.ts';
import { createProposal, FOLDER, ID, OWNER, type ProposalWorld } from './proposal-world.ts';

const risk = (live: string): string =>
  `stages: { canary: { maxDrawdown: 0.2 }, live: { maxDrawdown: 0.2 } }\nlive:\n  ${live}\n  capitalSteps: [0.1, 0.25, 1]\n  capitalStep: 1\n`;

const shown = (tree: string, stage: Stage, target: 'live' | 'capital', isReady = true): ForwardEvidence =>
  sampleForward({ tree, stage }, { target, isReady });

describe('no level of autonomy', () => {
  it.each(AutonomyLevel.options)('%s merges a change of stage, or anything where money trades', (level) => {
    for (const [from, before] of Stage.options.entries()) {
      for (const after of Stage.options.slice(from + 1)) expect(mayMerge(level, [before, after])).toBe(false);
      if (before !== 'paper') expect(mayMerge(level, [before])).toBe(false);
    }
    // Policies belong to no strategy, so neither does a share of capital.
    expect(mayMerge(level, [])).toBe(false);
  });
});

/** One after another: from a canary to live, and to more capital; then a limit is reached. */
describe('a version that has shown enough', { timeout: 90_000 }, () => {
  let place: ProposalWorld;
  let number: number;
  let head: string;
  beforeAll(async () => {
    place = await createProposal('merge-paper', { before: 'canary', policies: { 'policies/risk.yaml': risk('allowed: false') } });
  });
  afterAll(() => place.close());
  const publish = (evidence: ForwardEvidence) =>
    place.state.update('forward', () => new Map([[forwardPath(ID), Buffer.from(forwardText(evidence))]]));
  const treeNow = async (): Promise<string> => {
    await place.repository.fetch();
    return (await place.repository.treeOf(await place.repository.require('main'), FOLDER))!;
  };
  const numberIn = (said: readonly string[]): number => Number(/#(\d+)/.exec(said[0] ?? '')?.[1]);

  it('is not proposed while policy allows no money, nor unproven, nor before its weeks are over', async () => {
    const { life, base, moveMain, signTree } = place;
    await signTree(base, 'adopted');
    await publish(shown(await treeNow(), 'canary', 'live'));
    expect(await life.proposePromotions()).toEqual([]);
    await moveMain({ 'policies/risk.yaml': risk('allowed: true\n  maxCapital: 1000') });
    expect(await life.proposePromotions()).toEqual([]);
    await signTree(base, 'gates');
    await publish(shown(await treeNow(), 'canary', 'live', false));
    expect(await life.proposePromotions()).toEqual([]);
    await publish(shown('f'.repeat(40), 'canary', 'live'));
    expect(await life.proposePromotions()).toEqual([]);
  });

  it('is proposed once, one stage up, in one line, with what each gate saw', async () => {
    const { life, api, repository } = place;
    await publish(shown(await treeNow(), 'canary', 'live'));
    const said = await life.proposePromotions();
    number = numberIn(said);
    expect(said).toEqual([`Opened #${number}: ${ID}: from canary to live.`]);
    const pull = await api.pullRequest(number);
    head = pull.headSha;
    expect(pull).toMatchObject({ title: `${ID}: from canary to live`, author: 'ratchet[bot]' });
    for (const gate of READINESS_GATES) expect(pull.body).toContain(`It saw ${gate}.`);
    expect(pull.body).toContain(`/approve ${head}`);
    const [main, proposed] = [await repository.require('main'), await repository.require(head)];
    expect(await repository.diff(main, proposed)).toMatchObject([
      { path: `${FOLDER}/manifest.yaml`, additions: 1, deletions: 1 },
    ]);
    expect(await life.proposePromotions()).toEqual([]);
  });

  it('that waits is told each new week, and proven again by it, for it may not be ready any more', async () => {
    const { life, api, asked } = place;
    const [before] = [asked.length];
    const later = shown(await treeNow(), 'canary', 'live', false);
    await publish({ ...later, readiness: { ...later.readiness!, week: 95 * 86_400_000 } });
    expect(await life.proposePromotions()).toEqual([]);
    expect(await life.proposePromotions()).toEqual([]);
    expect(asked.slice(before)).toEqual([number]);
    const said = (await api.issues.comments(number)).map(({ body }) => body);
    expect(said).toEqual([expect.stringContaining('up to 1970-04-06. It is not ready for **live**')]);
  });

  it('is merged by no label and no comment, though every gate has passed and the bot merges what is on paper', async () => {
    const { life, api, world, runs } = place;
    await api.label(number, ['approved', 'automerge', 'stage:paper', 'gates:passed']);
    for (const body of ['LGTM, merge it.', `/merge ${head}`, `/approve ${head}`]) await api.issues.comment(number, body);
    const person = world.as('owner').rest.issues;
    await person.createComment({ owner, repo, issue_number: number, body: 'Approved by the board.' });
    expect(await life.prove(number)).toMatchObject({ sentence: 'All gates passed; a person decides.', mergeCommit: null });
    // Held to the bot's rules, by which policies/gates.yaml denies all that trades with money.
    expect(runs().at(-1)).toMatch(/ bot$/);
    expect(await api.pullRequest(number)).toMatchObject({ state: 'open', isMerged: false });
  });

  it('is a person’s once a person has approved of exactly that head, and is merged by a second word', async () => {
    const { life, api, runs } = place;
    await life.approve(number, head, OWNER);
    expect(await life.prove(number, 'afresh')).toMatchObject({ mergeCommit: null });
    expect(runs().at(-1)).toMatch(/ person$/);
    expect(await life.merge(number, head, OWNER, 'by a person')).toMatchObject({ state: 'merged' });
    expect(await api.pullRequest(number)).toMatchObject({ isMerged: true });
    // What was measured is the version at the stage before.
    expect(await life.proposePromotions()).toEqual([]);
  });

  it('that trades live is proposed the next share of capital, which only a person’s word gets past the gates', async () => {
    const { life, api, repository, runs, moveMain, signTree } = place;
    await signTree('main', 'gates');
    await publish(shown(await treeNow(), 'live', 'capital'));
    // The capital is that of all that trades live, and of one that does nobody knows anything.
    const other = 'strategies/other/manifest.yaml';
    await moveMain({ [other]: 'id: other\ndescription: live as well\nstage: live\nentry: strategy.ts\n' });
    expect(await life.proposePromotions()).toEqual([]);
    await moveMain({ [other]: null });
    const step = numberIn(await life.proposePromotions());
    const pull = await api.pullRequest(step);
    expect(pull.body).toContain('from 10% to 25% of `maxCapital`');
    const [main, proposed] = [await repository.require('main'), await repository.require(pull.headSha)];
    expect(await repository.diff(main, proposed)).toMatchObject([{ path: 'policies/risk.yaml', additions: 1, deletions: 1 }]);
    expect(await life.prove(step)).toMatchObject({ mergeCommit: null });
    expect(runs().at(-1)).toMatch(/ bot$/);
    // Whoever says no has said it for as long as the policies stay as they are.
    await api.closePullRequest(step);
    expect(await life.proposePromotions()).toEqual([]);
  });

  it('and reaches a limit there has the way back to the stage before opened', async () => {
    const { life, api, repository, base } = place;
    const tree = await treeNow();
    const [said] = await life.proposeWaysBack({ status: breached(tree), report: null });
    const pull = await api.pullRequest(numberIn([said!]));
    expect(pull.body).toContain('its equity has fallen by 21%');
    const back = await repository.treeOf(await repository.require(pull.headSha), FOLDER);
    expect(back).toBe(await repository.treeOf(await repository.require(base), FOLDER));
    expect(await life.prove(pull.number)).toMatchObject({ mergeCommit: null });
  });
});

function breached(tree: string): EngineStatus {
  const control = { mode: 'active', by: 'ratchet', at: '1970-01-01T00:00:00.000Z', reason: '' } as const;
  const failed = { status: 'Degraded', code: 'breach', reason: 'its equity has fallen by 21%', commit: null } as const;
  const strategy = { id: ID, ...failed, tree, desiredTree: tree, stage: 'live', positions: 1 } as const;
  const whole = { status: 'Degraded', reason: '', commit: null, mode: 'active', control, feed: 'running' } as const;
  return { schema: 'ratchet/engine-status/2', ...whole, strategies: [strategy] };
}
