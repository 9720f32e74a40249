import { text as shown } from '#bot/evidence/markdown.ts';
import type { Job } from '#bot/github/job-queue.ts';
import { Answer } from './answer.ts';
import type { CommandRoom } from './command.ts';
import { commandNamed, commandTable, nearestCommand } from './index.ts';
import { parseComment } from './parse-comment.ts';
import { perform } from './perform.ts';

/**
 * Answers a comment that is a command; leaves every other one alone. A command is acknowledged at once and answered in one comment.
 * @throws whatever is wrong with the machine or the forge, to be tried again
 */
export async function handleComment(job: Extract<Job, { kind: 'comment' }>, room: CommandRoom): Promise<void> {
  const parsed = parseComment(job.body);
  if (parsed.kind === 'ignore') return;
  await room.api.issues.acknowledge(job.commentId);
  const answer = new Answer(room.api.issues, { number: job.number, to: job.commentId, login: room.login });
  const command = commandNamed(parsed.name);
  const { number, isPullRequest, author, commentId } = job;
  const request = { number, isPullRequest, author, commentId, words: parsed.words };
  await answer.write(command === null ? unknown(parsed.name) : await perform(command, request, room, answer));
}

function unknown(name: string): string {
  const near = nearestCommand(name);
  const hint = near === null ? '' : `; did you mean \`/${near}\`?`;
  return `There is no \`/${shown(name)}\`${hint} Nothing was done.\n\n${commandTable()}`;
}
