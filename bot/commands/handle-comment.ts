import { readText } from '#bot/gates/context.ts';
import { AutonomyPolicy, parsePolicy } from '#bot/gates/policies.ts';
import type { Job } from '#bot/github/job-queue.ts';
import type { Permission } from '#bot/github/repository-api.ts';
import { AUTONOMY_PATH } from '#bot/orchestrator/pull-request-life.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Repository } from '#engine/repository/repository.ts';
import type { CommandRoom, CommentCommand } from './command.ts';
import { COMMANDS, commandTable } from './index.ts';
import { parseComment } from './parse-comment.ts';

const RANK: Readonly<Record<Permission, number>> = { none: 0, read: 1, triage: 2, write: 3, maintain: 4, admin: 5 };

/** Answers a comment that is a command; leaves every other one alone. */
export async function handleComment(
  job: Extract<Job, { kind: 'comment' }>,
  room: CommandRoom,
  repository: Repository,
): Promise<void> {
  const parsed = parseComment(job.body);
  if (parsed.kind === 'ignore') return;
  await room.api.issues.acknowledge(job.commentId);
  const command = COMMANDS.find((candidate) => candidate.name === parsed.name);
  if (command === undefined) {
    await room.api.issues.comment(job.number, `There is no \`/${parsed.name}\`${nearest(parsed.name)}.\n\n${commandTable()}`);
    return;
  }
  await room.api.issues.comment(job.number, await answer(command, parsed.words, job, room, repository));
}

/** What is wrong in the repository is said where it was asked; what is wrong with the machine is tried again. */
async function answer(
  command: CommentCommand,
  words: readonly string[],
  job: Extract<Job, { kind: 'comment' }>,
  room: CommandRoom,
  repository: Repository,
): Promise<string> {
  const { number, author, isPullRequest } = job;
  try {
    const refusal = await refuse(command, job, room, repository);
    return refusal ?? (await command.answer({ number, author, isPullRequest, words }, room));
  } catch (error) {
    if (error instanceof RatchetError) return `\`/${command.name}\` was not done. ${error.message} ${error.remedy}`;
    throw error;
  }
}

async function refuse(
  command: CommentCommand,
  job: Extract<Job, { kind: 'comment' }>,
  room: CommandRoom,
  repository: Repository,
): Promise<string | null> {
  if (command.needsPullRequest && !job.isPullRequest) return `\`/${command.name}\` works on pull requests only.`;
  await repository.fetch();
  const main = await repository.resolve('main');
  const text = main === null ? null : await readText(repository, main, AUTONOMY_PATH);
  const needed = parsePolicy(AUTONOMY_PATH, text, AutonomyPolicy).commands[command.permission];
  const has = await room.api.permissionOf(job.author);
  if (RANK[has] >= RANK[needed]) return null;
  return `@${job.author}, \`/${command.name}\` needs the permission **${needed}** here (${AUTONOMY_PATH}); yours is **${has}**. Nothing was done.`;
}

/** The command a mistyped word was probably meant to be. */
function nearest(word: string): string {
  const found = COMMANDS.map(({ name }) => ({ name, distance: editDistance(word, name) })).sort(
    (left, right) => left.distance - right.distance,
  )[0];
  return found !== undefined && found.distance <= 2 ? `; did you mean \`/${found.name}\`?` : '';
}

/** Levenshtein (1966): insertions, deletions and replacements. */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= right.length; j += 1) {
      const replace = row[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(replace, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[right.length]!;
}
