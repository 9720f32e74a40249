import { text as shown } from '#bot/evidence/markdown.ts';
import type { Job } from '#bot/github/job-queue.ts';
import { Answer } from './answer.ts';
import type { CommandRoom } from './command.ts';
import { COMMANDS, commandNamed, nearestCommand } from './index.ts';
import { once } from './kept-answers.ts';
import { parseComment } from './parse-comment.ts';
import { perform } from './perform.ts';
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
  const act = async () => (command === null ? unknown(parsed.name) : perform(command, request, room, answer));
  // An order to the engine has a memory of its own, since its answer goes on after it.
  await answer.write(command?.permission === 'engine' ? await act() : await once(room.kept, `comment:${commentId}`, act));
}

function unknown(name: string): string {
  const near = nearestCommand(name);
  const hint = near === null ? '' : `; did you mean \`/${near}\`?`;
  return `There is no \`/${shown(name)}\`${hint} Nothing was done.\n\n${commandTable(COMMANDS)}`;
}
