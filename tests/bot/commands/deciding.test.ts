import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JobQueue } from '#bot/github/job-queue.ts';
import { readDecisions } from '#bot/orchestrator/life/decisions.ts';
import { PullRequestLife } from '#bot/orchestrator/pull-request-life.ts';
import { basicAuthorization } from '#engine/repository/remote.ts';
import { Repository } from '#engine/repository/repository.ts';
import { StateBranch } from '#engine/repository/state-branch.ts';
import { owner, repo } from '#tests/bot/forge/forge-under-test.ts';
import { createProposal, FOLDER, ID } from '#tests/bot/orchestrator/life/proposal-world.ts';
import { itLong } from '#tests/support/long.ts';
import { type CommandWorld, type CommentJob, createCommandWorld, roomIn } from './command-world.ts';

let open: CommandWorld;
beforeAll(async () => {
  open = await createCommandWorld();
}, 60_000);
afterAll(() => open?.close());

const decisionsOn = (number = open.number) => readDecisions(open.state, number);
/** The pull request that an answer names. */
const numberIn = (answer: string): number => Number(/#(\d+)/.exec(answer)![1]);
const treeAt = async (commit: string): Promise<string> => (await open.clone.git('rev-parse', `${commit}:${FOLDER}`)).trim();

/** Says each, and holds that nothing at all came of it but an answer with those words. */
async function refused(person: 'owner' | 'writer', rows: readonly (readonly [string, string])[]): Promise<void> {
  const before = await open.traces();
  for (const [body, why] of rows) {
    const answer = await open.tell(person, body);
    expect(answer).toContain(`\`${body.split(' ')[0]}\` was not done.`);
    expect(answer).toContain(why);
  }
  expect(await open.traces()).toEqual(before);
}

describe('decisions about a head', { timeout: 60_000 }, () => {
  it('that name it wrongly, or not at all, are refused, and told what it is', async () => {
    await refused('writer', [
      ['/approve', `It names no commit. Name the commit you have read: \`/approve ${open.head}\`. Nothing was done.`],
      ['/approve 0123456', '"0123456" is no commit\'s name of at least 12 digits.'],
      ['/approve ../../etc/passwd', `"../../etc/passwd" is no commit's name of at least 12 digits.`],
      ['/merge 0123456789abcdef', `or it is another's. Name the commit you have read: \`/merge ${open.head}\``],
    ]);
  });

  it('an approval of the present head is written down once', async () => {
    const body = `/approve ${open.head.slice(0, 12)}`;
    const id = await open.comment('writer', body);
    for (let run = 0; run < 2; run += 1) await open.answer('writer', body, id);
    expect(await decisionsOn()).toEqual([
      expect.objectContaining({ kind: 'approve', by: 'writer', permission: 'write', head: open.head, comment: id }),
    ]);
  });

  it('a held pull request is not merged, and says who holds it', async () => {
    expect(await open.say('writer', '/hold')).toContain('Held by @writer');
    await refused('owner', [[`/merge ${open.head}`, 'is held by @&#8203;writer']]);
    const id = await open.comment('owner', '/hold off');
    // The bot may end before it has answered; what was done the first time is no error the second.
    for (let run = 0; run < 2; run += 1) {
      await open.answer('owner', '/hold off', id);
      expect(await open.answersTo(id)).toEqual([expect.stringContaining(`Released by @${owner}`)]);
    }
    await refused('owner', [
      ['/hold off', `${open.number} is not held.`],
      ['/hold of', '"of". It is either `/hold` or `/hold off`.'],
    ]);
  });

  it('a head that moved between approval and merge is not merged', async () => {
    const branch = (await open.api.pullRequest(open.number)).headRef;
    const moved = await open.pushTo(branch, { 'more.md': 'Slipped in.\n' });
    await refused('writer', [
      [`/merge ${open.head}`, 'is not at that commit'],
      [`/approve ${open.head}`, moved],
    ]);
    expect((await open.api.pullRequest(open.number)).isMerged).toBe(false);
  });

  it('an approval that was written down before the head moved still says of which commit', async () => {
    const comment = (await decisionsOn())[0]!.comment!;
    const before = await open.traces();
    await open.answer('writer', `/approve ${open.head}`, comment);
    expect(await open.answersTo(comment)).toEqual([expect.stringContaining(`@writer approves of \`${open.head}\``)]);
    expect(await open.traces()).toEqual(before);
  });
});

describe('/promote', { timeout: 60_000 }, () => {
  it('is refused in words, and opens nothing, without a strategy and a stage that can be', async () => {
    await refused('writer', [
      ['/promote', 'It names no strategy and no stage. It is `/promote STRATEGY STAGE`.'],
      [`/promote ${ID}`, 'It names no stage. A stage is one of shadow, paper, canary, live.'],
      [`/promote ${ID} papr`, '"papr" is no stage. A stage is one of shadow, paper, canary, live.'],
      ['/promote ema-crss canary', 'main has no strategy "ema-crss". Did you mean ema-cross?'],
      [`/promote ${ID} paper`, `${ID} is at paper already. Nothing was done.`],
    ]);
  });

  it('opens a pull request that changes one line, as the wish of whoever asked, once', async () => {
    const body = `/promote ${ID} canary`;
    const id = await open.comment('writer', body);
    for (let run = 0; run < 2; run += 1) await open.answer('writer', body, id);
    const { data } = await open.world.bot().rest.pulls.list({ owner, repo, state: 'open' });
    const [pull, ...others] = data.filter(({ head }) => head.ref.startsWith('stage/'));
    expect(others).toEqual([]);
    expect(await open.answersTo(id)).toEqual([expect.stringContaining(`#${pull!.number} asks for **canary** for ${ID}.`)]);
    await open.clone.git('fetch', '--quiet', 'origin', pull!.head.ref);
    const diff = await open.clone.git('diff', '--unified=0', 'origin/main', pull!.head.sha);
    expect(diff.split('\n').filter((line) => /^[+-](?![+-])/.test(line))).toEqual(['-stage: paper', '+stage: canary']);
    expect(await decisionsOn(pull!.number)).toEqual([
      expect.objectContaining({ kind: 'promote', by: 'writer', permission: 'write', head: pull!.head.sha, comment: id }),
    ]);
    expect(open.asked).toContain(pull!.number);
  });
});

describe('/rollback', { timeout: 60_000 }, () => {
  /** Three versions on main; the newest runs. */
  let versions: readonly string[];
  beforeAll(async () => {
    const second = await open.moveMain({ [`${FOLDER}/strategy.ts`]: 'export default 7;\n' });
    const third = await open.moveMain({ [`${FOLDER}/strategy.ts`]: 'export default 8;\n' });
    versions = [open.base, second, third];
  });

  it('leads back to nothing that nobody has signed', async () => {
    const why = 'an earlier version has no signature that counts today, so the engine would not run it. Nothing was done.';
    await refused('writer', [[`/rollback ${ID}`, why]]);
    for (const commit of versions) await open.signTree(commit);
  });

  it('opens nothing for what is no earlier version, and names it', async () => {
    await refused('writer', [
      [`/rollback ${ID} ../x`, '"../x" names no version; give at least 7 digits of a commit of main'],
      [`/rollback ${ID} feedfacef`, 'main never stood at feedfacef'],
      [`/rollback ${ID} ${versions[2]!.slice(0, 9)}`, 'is the one on main'],
      ['/rollback ema-crss', 'main has no strategy "ema-crss". Did you mean ema-cross?'],
    ]);
  });

  it('without a version brings back the tree before the one that runs', async () => {
    const said = await open.say('writer', `/rollback ${ID}`);
    expect(said).toContain(`brings back an earlier version of ${ID}.`);
    const { headSha, headRef, state } = await open.api.pullRequest(numberIn(said));
    expect(state).toBe('open');
    await open.clone.git('fetch', '--quiet', 'origin', headRef);
    expect(await treeAt(headSha)).toBe(await treeAt(versions[1]!));
    expect(await decisionsOn(numberIn(said))).toEqual([
      expect.objectContaining({ kind: 'roll-back', by: 'writer', head: headSha }),
    ]);
    expect(open.asked).toContain(numberIn(said));
  });

  itLong('with a version brings back exactly that, by its commit or by its tree', async () => {
    const tree = await treeAt(versions[0]!);
    const said = await open.say('writer', `/rollback ${ID} ${versions[0]!.slice(0, 9)}`);
    const { headSha, headRef } = await open.api.pullRequest(numberIn(said));
    await open.clone.git('fetch', '--quiet', 'origin', headRef);
    expect(await treeAt(headSha)).toBe(tree);
    expect(numberIn(await open.say('owner', `/rollback ${ID} ${tree.slice(0, 12)}`))).toBe(numberIn(said));
  });
});

describe('/close', { timeout: 60_000 }, () => {
  it('closes the proposal, says who wanted it, and leaves its branch and its trials', async () => {
    const { headRef } = await open.api.pullRequest(open.number);
    const before = await decisionsOn();
    const id = await open.comment('writer', '/close');
    for (let run = 0; run < 2; run += 1) {
      await open.answer('writer', '/close', id);
      expect(await open.answersTo(id)).toEqual([expect.stringContaining('Closed for @writer. The trials behind it stay')]);
    }
    const closed = await open.api.pullRequest(open.number);
    expect(closed).toMatchObject({ state: 'closed', isMerged: false });
    expect(await decisionsOn()).toEqual([
      ...before,
      expect.objectContaining({ kind: 'close', by: 'writer', head: closed.headSha }),
    ]);
    await open.repository.fetch();
    expect((await open.repository.branches()).map(({ name }) => name)).toContain(headRef);
  });

  it('leaves nothing for any other to do', async () => {
    const { headSha } = await open.api.pullRequest(open.number);
    const before = await open.traces();
    expect(await open.tell('owner', '/close')).toContain('This pull request is closed already; nothing was done.');
    expect(await open.tell('owner', '/retest')).toContain('This pull request is closed, or does not go into main');
    for (const body of [`/approve ${headSha}`, `/merge ${headSha}`, '/hold', '/hold off', '/rebase'])
      expect(await open.tell('owner', body)).toContain('is closed already. Nothing was done.');
    expect(await open.traces()).toEqual(before);
  });
});

describe('a hold', { timeout: 60_000 }, () => {
  itLong('outlives the bot: what it held is merged neither by policy nor by a person, until somebody lets it go', async () => {
    const place = await createProposal('merge-paper');
    const queuePath = join(place.world.dir, 'queue.sqlite');
    const first = roomIn(place);
    const { data } = await place.world
      .as('writer')
      .rest.issues.createComment({ owner, repo, issue_number: place.number, body: '/hold' });
    const job = { number: place.number, isPullRequest: true, author: 'writer', body: '/hold', commentId: data.id } as const;
    let queue = JobQueue.open(queuePath);
    queue.add({ kind: 'comment', ...job });
    const taken = queue.take();
    await first.answer(taken!.job as CommentJob);
    // The process ends before it can say that the job is done, and another begins with nothing but the files and the forge.
    queue.close();
    first.orders.close();

    const { room, life } = await reborn();
    queue = JobQueue.open(queuePath);
    const again = queue.take();
    expect(again!.job).toEqual(taken!.job);
    await room.answer(again!.job as CommentJob);
    queue.finish(again!.id);
    expect(queue.take()).toBeNull();
    queue.close();
    const answers = (await place.api.issues.comments(place.number)).filter(({ body }) =>
      body.includes(`ratchet:answer:${data.id} `),
    );
    expect(answers.map(({ body }) => body)).toEqual([expect.stringContaining('Held by @writer')]);
    await place.state.refresh();
    expect(await readDecisions(place.state, place.number)).toEqual([
      expect.objectContaining({ kind: 'hold', by: 'writer', comment: data.id }),
    ]);

    const settlement = await life.prove(place.number);
    expect(settlement).toMatchObject({ sentence: 'All gates passed; @writer holds it.', mergeCommit: null });
    const merge = life.merge(place.number, place.head, { by: owner, permission: 'admin', comment: null }, 'x');
    await expect(merge).rejects.toMatchObject({ code: 'life/held' });
    expect((await place.api.pullRequest(place.number)).isMerged).toBe(false);

    const release = await place.world
      .as('owner')
      .rest.issues.createComment({ owner, repo, issue_number: place.number, body: '/hold off' });
    await room.answer({ ...job, kind: 'comment', author: owner, body: '/hold off', commentId: release.data.id });
    const { mergeCommit } = (await life.prove(place.number))!;
    expect(mergeCommit).not.toBeNull();
    expect(await place.api.pullRequest(place.number)).toMatchObject({ isMerged: true, mergeCommit });
    room.orders.close();
    await place.close();

    /** The same forge and state branch, seen by a bot that has just been started on another machine. */
    async function reborn(): Promise<{ room: ReturnType<typeof roomIn>; life: PullRequestLife }> {
      const { world } = place;
      const remoteUrl = `${world.forge.url}/${owner}/${repo}.git`;
      const authorization = () => basicAuthorization('x-access-token', world.tokens.owner);
      const repository = await Repository.openMirror({ dir: join(world.dir, 'another.git'), remoteUrl, authorization });
      await repository.fetch();
      const state = await StateBranch.open({ repository, author: place.options.author, clock: place.options.clock });
      const program = { ...place.options.program, mirrorDir: repository.dir };
      const own = new PullRequestLife({ ...place.options, repository, state, program });
      return { life: own, room: roomIn({ ...place, repository, state, life: own }) };
    }
  });
});
