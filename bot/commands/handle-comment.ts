import { text as shown } from '#bot/evidence/markdown.ts';
import { readText } from '#bot/gates/context.ts';
import { AUTONOMY_PATH, AutonomyPolicy, parsePolicy } from '#bot/gates/policies.ts';
import type { Job } from '#bot/github/job-queue.ts';
import type { Permission } from '#bot/github/repository-api.ts';
import { RatchetError } from '#engine/errors.ts';
import { Answer } from './answer.ts';
import type { CommandRoom, CommentCommand } from './command.ts';
import { commandNamed, commandTable, nearestCommand } from './index.ts';
import { parseComment } from './parse-comment.ts';

type CommentJob = Extract<Job, { kind: 'comment' }>;

const RANK: Readonly<Record<Permission, number>> = { none: 0, read: 1, triage: 2, write: 3, maintain: 4, admin: 5 };

/**
 * Answers a comment that is a command; leaves every other one alone. A command is acknowledged at once and answered in one comment.
 * @throws whatever is wrong with the machine or the forge, to be tried again
 */
export async function handleComment(job: CommentJob, room: CommandRoom): Promise<void> {
  const parsed = parseComment(job.body);
  if (parsed.kind === 'ignore') return;
  await room.api.issues.acknowledge(job.commentId);
  const answer = new Answer(room.api.issues, { number: job.number, commentId: job.commentId, login: room.login });
  const command = commandNamed(parsed.name);
  if (command === null) await answer.write(unknown(parsed.name));
  else await answer.write(await reply(command, parsed.words, job, room, answer));
}

function unknown(name: string): string {
  const near = nearestCommand(name);
  const hint = near === null ? '' : `; did you mean \`/${near}\`?`;
  return `There is no \`/${shown(name)}\`${hint} Nothing was done.\n\n${commandTable()}`;
}

/** What is wrong in the repository is said where it was asked; what is wrong with the machine is tried again. */
async function reply(
  command: CommentCommand,
  words: readonly string[],
  job: CommentJob,
  room: CommandRoom,
  answer: Answer,
): Promise<string> {
  const { number, author, isPullRequest, commentId } = job;
  try {
    if (command.needsPullRequest && !isPullRequest) return `\`/${command.name}\` works on pull requests only. Nothing was done.`;
    const { permission, refusal } = await mayUse(command, author, room);
    if (refusal !== null) return refusal;
    const say = async (progress: string): Promise<void> => {
      await answer.write(`⏳ ${progress}`);
    };
    const answerId = () => answer.write('⏳ Working on it.');
    return await command.answer({ number, isPullRequest, author, permission, commentId, words, say, answerId }, room);
  } catch (error) {
    if (error instanceof RatchetError && isTheirs(error))
      return `\`/${command.name}\` was not done. ${error.message} ${error.remedy}`;
    throw error;
  }
}

/** GitHub's own trouble passes, and the job with it is tried again; everything else is for the author to read. */
function isTheirs({ code }: RatchetError): boolean {
  return code !== 'github/unavailable' && code !== 'github/rate-limited';
}

async function mayUse(
  command: CommentCommand,
  author: string,
  { api, repository, state }: CommandRoom,
): Promise<{ permission: Permission; refusal: string | null }> {
  await repository.fetch();
  await state.refresh();
  const main = await repository.resolve('main');
  const text = main === null ? null : await readText(repository, main, AUTONOMY_PATH);
  const needed = parsePolicy(AUTONOMY_PATH, text, AutonomyPolicy).commands[command.permission];
  const permission = await api.permissionOf(author);
  if (RANK[permission] >= RANK[needed]) return { permission, refusal: null };
  const refusal = `@${author}, \`/${command.name}\` needs the permission **${needed}** here (${AUTONOMY_PATH}); yours is **${permission}**. Nothing was done.`;
  return { permission, refusal };
}
