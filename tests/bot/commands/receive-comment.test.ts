import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { receiveComment, takeUpCommand } from '#bot/commands/receive-comment.ts';
import type { Job } from '#bot/github/job-queue.ts';
import { RatchetError } from '#engine/errors.ts';
import { owner, repo } from '#tests/bot/forge/forge-under-test.ts';
import { type CommandWorld, createCommandWorld } from './command-world.ts';

let here: CommandWorld;
beforeAll(async () => {
  here = await createCommandWorld('propose');
}, 60_000);
afterAll(() => here?.close());

/** What the bot does at once with a comment, what it puts off, and what then stands on the forge. */
async function receive(body: string, isTakenBack = false) {
  const { rest } = here.world.as('owner');
  const id = await here.comment('owner', body);
  if (isTakenBack) await rest.issues.deleteComment({ owner, repo, comment_id: id });
  const job = { kind: 'comment', number: here.number, commentId: id, author: owner, body, isPullRequest: true } as const;
  const putOff: Job[] = [];
  await receiveComment(job, here.room, (later) => putOff.push(later));
  const eyes = isTakenBack ? [] : (await rest.reactions.listForIssueComment({ owner, repo, comment_id: id })).data;
  return { job, putOff, eyes: eyes.map(({ content }) => content), answers: await here.answersTo(id) };
}

describe('a command that takes long', () => {
  it('is seen to be heard before its turn comes', async () => {
    const { job, putOff, eyes, answers } = await receive('/retest');
    expect({ putOff, eyes, answers }).toEqual({ putOff: [{ ...job, kind: 'command' }], eyes: ['eyes'], answers: [] });
  });
});

describe('one that was taken back before its turn', () => {
  it('is not done', async () => {
    const before = await here.traces();
    const { putOff } = await receive('/retest');
    const [command] = putOff as [Extract<Job, { kind: 'command' }>];
    await here.world.as('owner').rest.issues.deleteComment({ owner, repo, comment_id: command.commentId });
    await takeUpCommand(command, here.room);
    expect(await here.answersTo(command.commentId)).toEqual([]);
    expect(await here.traces()).toEqual(before);
  });
});

describe('a quick one', () => {
  it('is answered at once', async () => {
    const { putOff, eyes, answers } = await receive('/help');
    expect({ putOff, eyes }).toEqual({ putOff: [], eyes: ['eyes'] });
    expect(answers).toEqual([expect.stringContaining('/retest')]);
  });
});

describe('a merge that the forge', () => {
  const merging = async (code: string) => {
    const body = `/merge ${here.head}`;
    const merge = () => Promise.reject(new RatchetError(code, 'The forge is busy.', 'Ask again.'));
    const life = Object.assign(Object.create(here.life), { merge });
    const id = await here.comment('owner', body);
    const done = here.answer('owner', body, id, { with: { life } }).then(
      () => 'answered',
      () => 'tried again',
    );
    return [await done, ...(await here.answersTo(id))];
  };

  it('has no time for is tried again rather than answered', async () => {
    expect(await merging('life/busy')).toEqual(['tried again', expect.stringMatching(/^⏳/)]);
  });

  it('said nothing of may have been done, and is not called undone', async () => {
    expect(await merging('life/unknown')).toEqual(['answered', expect.stringContaining('may or may not have been done')]);
    expect(await merging('life/no-answer')).toEqual(['answered', expect.stringContaining('was not done')]);
  });
});

describe('what is no command any more, or never was', () => {
  it('is left alone: a comment that was taken back, and one that only speaks of a command', async () => {
    const before = await here.traces();
    expect(await receive('/close', true)).toMatchObject({ putOff: [], answers: [] });
    expect(await receive('why not /close it?')).toMatchObject({ putOff: [], eyes: [], answers: [] });
    expect(await here.traces()).toEqual(before);
  });
});
