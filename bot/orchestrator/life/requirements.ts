import type { PullRequest } from '#bot/github/repository-api.ts';
import { RatchetError } from '#engine/errors.ts';
import type { EditedText } from '../edited-text.ts';
import { type Decision, heldBy } from './decisions.ts';

/** What must be so of a pull request before anything is decided about it, and how it is said when it is not. */

/** @throws RatchetError `life/not-open` */
export function requireOpen({ number, state, isMerged }: PullRequest): void {
  if (state === 'open') return;
  const what = isMerged ? 'merged' : 'closed';
  throw new RatchetError('life/not-open', `Pull request #${number} is ${what} already.`, 'Nothing was done.', { number });
}

/** Why nothing is proven or merged of a pull request from a fork: whoever cannot push here may spend neither time nor held-out candles. */
export function sentenceOnForks({ number }: PullRequest): string {
  return `Pull request #${number} comes from a fork, and only branches of this repository are proven and merged here.`;
}

export const AWAY_FROM_FORKS =
  'Somebody who may push here has to read it, push it as a branch of this repository, and open a pull request from that.';

/** @throws RatchetError `life/from-a-fork` */
export function requireOwnBranch(pull: PullRequest): void {
  if (!pull.isFromFork) return;
  throw new RatchetError('life/from-a-fork', sentenceOnForks(pull), `${AWAY_FROM_FORKS} Nothing was merged.`, {
    number: pull.number,
  });
}

/** @throws RatchetError `life/head-moved` */
export function requireHead(pull: PullRequest, head: string): void {
  if (pull.headSha !== head) throw headMoved(pull, head, pull.headSha);
}

export function headMoved({ number }: PullRequest, head: string, headSha: string): RatchetError {
  return new RatchetError(
    'life/head-moved',
    `Pull request #${number} is no longer at ${head.slice(0, 12)}: its head is ${headSha}.`,
    'Read the new commits, and name the head you have read.',
    { number, head, headSha },
  );
}

/** @throws RatchetError `life/held` */
export function requireFree(number: number, decisions: readonly Decision[]): void {
  const hold = heldBy(decisions);
  if (hold === null) return;
  throw new RatchetError(
    'life/held',
    `Pull request #${number} is held by @${hold.by} since ${hold.at.slice(0, 16)}Z.`,
    '/hold off releases it; nothing was merged.',
    { number },
  );
}

export function editedByHand(number: number, { path }: EditedText): RatchetError {
  return new RatchetError(
    'life/edited',
    `The description of #${number} was edited by hand and no longer says what ${path} says.`,
    'Comment /retest to have it written again, read it, and decide then; nothing was merged.',
    { number, path },
  );
}
