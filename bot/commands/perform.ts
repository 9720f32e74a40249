import { harmless } from '#bot/evidence/markdown.ts';
import { readText } from '#bot/gates/context.ts';
import { AUTONOMY_PATH, AutonomyPolicy, parsePolicy } from '#bot/gates/policies.ts';
import { isAtLeast } from '#bot/github/permission.ts';
import type { Permission } from '#bot/github/repository-api.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Answer } from './answer.ts';
import type { CommandRoom, CommentCommand } from './command.ts';
import { quoted } from './quoted.ts';

/** Who asks for a command, where, and in which comment; null when it was a box of the dashboard. */
export interface Request {
  readonly number: number;
  readonly isPullRequest: boolean;
  readonly author: string;
  readonly commentId: number | null;
  readonly words: readonly string[];
}

/** Troubles that pass: the job is tried again rather than answered, after a limit when the forge says that it is over. */
const PASSING: readonly string[] = ['repository/unreachable', 'life/busy'];

/**
 * Does a command for somebody who may, and gives its answer. What is wrong in the repository is said where it was asked.
 * @throws whatever is wrong with the machine or the forge, to be tried again
 */
export async function perform(command: CommentCommand, request: Request, room: CommandRoom, answer: Answer): Promise<string> {
  try {
    if (command.needsPullRequest && !request.isPullRequest)
      return `\`/${command.name}\` works on pull requests only. Nothing was done.`;
    const { permission, refusal } = await mayUse(command, request.author, room);
    if (refusal !== null) return refusal;
    requireKnown(command, request.words);
    const say = async (progress: string): Promise<void> => {
      await answer.write(`⏳ ${progress}`);
    };
    const answerId = () => answer.write('⏳ Working on it.');
    return await command.answer({ ...request, permission, say, answerId }, room);
  } catch (error) {
    if (!(error instanceof RatchetError) || PASSING.includes(error.code)) throw error;
    const opening = error.code === 'life/unknown' ? 'may or may not have been done' : 'was not done';
    return `\`/${command.name}\` ${opening}. ${harmless(`${error.message} ${error.remedy}`)}`;
  }
}

/** @throws RatchetError `commands/words` naming the first word that the command does not read */
function requireKnown({ name, usage, wordsMax }: CommentCommand, words: readonly string[]): void {
  const unread = words[wordsMax];
  if (unread === undefined) return;
  throw new RatchetError('commands/words', `It does not know what to do with ${quoted(unread)}.`, `Write it like \`${usage}\`.`, {
    name,
    word: unread,
  });
}

/** What a command's author may at least: what the policy says, and never less than the command itself demands. */
export function neededFor({ permission, permissionMin }: CommentCommand, { commands }: AutonomyPolicy): Permission {
  const needed = commands[permission];
  return permissionMin === undefined || isAtLeast(needed, permissionMin) ? needed : permissionMin;
}

async function mayUse(
  command: CommentCommand,
  author: string,
  { api, repository, state }: CommandRoom,
): Promise<{ permission: Permission; refusal: string | null }> {
  await repository.fetch();
  // The state branch came with it.
  await state.reload();
  const main = await repository.resolve('main');
  const text = main === null ? null : await readText(repository, main, AUTONOMY_PATH);
  const policy = parsePolicy(AUTONOMY_PATH, text, AutonomyPolicy);
  const needed = neededFor(command, policy);
  const permission = await api.permissionOf(author);
  if (isAtLeast(permission, needed)) return { permission, refusal: null };
  const why = needed === policy.commands[command.permission] ? AUTONOMY_PATH : `whatever ${AUTONOMY_PATH} says`;
  const refusal = `@${author}, \`/${command.name}\` needs the permission **${needed}** here (${why}); yours is **${permission}**. Nothing was done.`;
  return { permission, refusal };
}
