import { text as shown } from '#bot/evidence/markdown.ts';
import type { Job } from '#bot/github/job-queue.ts';
import { Answer } from './answer.ts';
import type { CommandRoom, CommentCommand } from './command.ts';
import { COMMANDS, commandNamed, nearestCommand } from './index.ts';
import { parseComment } from './parse-comment.ts';
import { perform, type Request } from './perform.ts';
import { commandTable } from './read/help.ts';

/**
 * Does the command that a comment is, and answers it in one comment; leaves every other comment alone.
 * @throws whatever is wrong with the machine or the forge, to be tried again
 */
export async function handleComment(job: Extract<Job, { kind: 'comment' | 'command' }>, room: CommandRoom): Promise<void> {
  const parsed = parseComment(job.body);
  if (parsed.kind === 'ignore') return;
  const answer = new Answer(room.api.issues, { number: job.number, to: job.commentId, login: room.login });
  const command = commandNamed(parsed.name);
  const { number, isPullRequest, author, commentId } = job;
  const request = { number, isPullRequest, author, commentId, words: parsed.words };
  await answer.write(command === null ? unknown(parsed.name) : await performOnce(command, request, room, answer));
}

/** An order to the engine has a memory of its own, since its answer goes on after it. */
async function performOnce(command: CommentCommand, request: Request, room: CommandRoom, answer: Answer): Promise<string> {
  const { commentId } = request;
  if (commentId === null || command.permission === 'engine' || room.kept === undefined)
    return perform(command, request, room, answer);
  const key = `comment:${commentId}`;
  const known = room.kept.of(key);
  if (known !== null) return known;
  const done = await perform(command, request, room, answer);
  room.kept.keep(key, done);
  return done;
}

function unknown(name: string): string {
  const near = nearestCommand(name);
  const hint = near === null ? '' : `; did you mean \`/${near}\`?`;
  return `There is no \`/${shown(name)}\`${hint} Nothing was done.\n\n${commandTable(COMMANDS)}`;
}
