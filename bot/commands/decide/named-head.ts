import type { PullRequest } from '#bot/github/repository-api.ts';
import { RatchetError } from '#engine/errors.ts';
import { quoted } from '../quoted.ts';

/** Short names of commits are fine to read and wrong to decide by. */
const SHA_LENGTH_MIN = 12;

/**
 * The full head a decision names, so that nothing newer slips in.
 * @param command as it is typed, for the remedy
 * @throws RatchetError `commands/which-head` when the words do not name the present head of an open pull request
 */
export function namedHead({ number, headSha, state, isMerged }: PullRequest, words: readonly string[], command: string): string {
  if (state !== 'open')
    throw new RatchetError('commands/closed', `#${number} is ${isMerged ? 'merged' : 'closed'} already.`, 'Nothing was done.');
  const remedy = `Name the commit you have read: \`/${command} ${headSha}\`. Nothing was done.`;
  const [sha] = words;
  if (sha === undefined) throw new RatchetError('commands/which-head', 'It names no commit.', remedy);
  if (!new RegExp(`^[0-9a-f]{${SHA_LENGTH_MIN},64}$`, 'i').test(sha))
    throw new RatchetError(
      'commands/which-head',
      `${quoted(sha)} is no commit's name of at least ${SHA_LENGTH_MIN} digits.`,
      remedy,
    );
  if (headSha.startsWith(sha.toLowerCase())) return headSha;
  throw new RatchetError(
    'commands/which-head',
    `#${number} is not at that commit: somebody has pushed, or it is another's.`,
    remedy,
  );
}
