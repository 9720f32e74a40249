import { plain } from '#bot/evidence/markdown.ts';
import { comeBackAt, statusBehind } from '#bot/github/refusal.ts';
import type { PullRequest } from '#bot/github/repository-api.ts';
import { RatchetError } from '#engine/errors.ts';
import { type LifeOptions, MAIN } from './life-options.ts';

/** What became of a merge that was not refused. */
export type Merge =
  | { readonly state: 'merged'; readonly commit: string }
  /** The branch has a merge queue: it stands in it, and the forge merges it when its turn comes. */
  | { readonly state: 'queued'; readonly sentence: string };

/**
 * Squashes a pull request into main at exactly the head it was read at, or puts it into main's merge queue. Whatever the forge
 * answers, it ends in one of three ways: merged, in the queue, or an error that says that nothing was merged or that this is unknown.
 * @throws RatchetError `github/head-moved`, `github/not-mergeable`, `life/not-allowed`, `life/gone`, `life/refused`, `life/busy`,
 * `life/no-answer` when it is known not to be merged, `life/unknown` when nothing is known
 */
export async function squash(
  pull: PullRequest,
  note: string,
  { api, clock }: Pick<LifeOptions, 'api' | 'clock'>,
): Promise<Merge> {
  const { number, headSha } = pull;
  try {
    if (await api.branches.hasMergeQueue(MAIN)) return queued(number, await api.branches.enqueue(number, headSha));
    return { state: 'merged', commit: await api.merge(number, headSha, `${plain(pull.title)} (#${number})`, note) };
  } catch (error) {
    if (isAnswer(error)) throw refusalOf(number, error, clock());
    // Nobody knows whether the request arrived: ask what became of it.
    const after = await api.pullRequest(number).catch(() => null);
    if (after?.mergeCommit != null) return { state: 'merged', commit: after.mergeCommit };
    const status = statusBehind(error);
    const what = status === null ? 'did not answer' : `answered ${status}`;
    throw new RatchetError(
      after === null ? 'life/unknown' : 'life/no-answer',
      `The forge ${what} when it was asked to merge #${number}${after === null ? ', and cannot be asked what came of it' : '; it is not merged'}.`,
      after === null ? 'Look at the pull request in a while, and ask again if it is still open.' : 'Ask again in a while.',
      { number, status },
      error,
    );
  }
}

/** Whether the forge has said no, as against having said nothing that can be relied on. */
function isAnswer(error: unknown): boolean {
  const status = statusBehind(error);
  return error instanceof RatchetError || (status !== null && status < 500);
}

function refusalOf(number: number, error: unknown, now: number): RatchetError {
  if (error instanceof RatchetError) return error;
  const status = statusBehind(error);
  const until = comeBackAt(error, now);
  if (until !== null) {
    return refusal('life/busy', `The forge takes no more requests for now, so #${number} was not merged.`, {
      remedy: `Ask again after ${new Date(until).toISOString().slice(11, 16)} UTC.`,
      error,
    });
  }
  switch (status) {
    case 403:
      return refusal('life/not-allowed', `The forge does not let the bot merge #${number}: ${messageOf(error)}.`, {
        remedy: `See the App's permissions and the rules of ${MAIN}; nothing was merged.`,
        error,
      });
    case 404:
      return refusal('life/gone', `The forge cannot find #${number} any more, or no longer shows it to the bot.`, {
        remedy: 'Nothing was merged.',
        error,
      });
    default:
      return refusal('life/refused', `The forge refused to merge #${number}: ${messageOf(error)} (${status}).`, {
        remedy: 'Nothing was merged; mend what it names and ask again.',
        error,
      });
  }
}

function refusal(code: string, message: string, { remedy, error }: { remedy: string; error: unknown }): RatchetError {
  return new RatchetError(code, message, remedy, {}, error);
}

function queued(number: number, position: number | null): Merge {
  const place = position === null ? '' : `, in place ${position}`;
  return {
    state: 'queued',
    sentence: `#${number} stands in the merge queue of ${MAIN}${place}; the forge merges it in its turn.`,
  };
}

/** The forge's own words, without the address Octokit adds. */
function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text
    .replace(/ - https?:\S+$/, '')
    .split('\n')[0]!
    .slice(0, 200)
    .replace(/\.$/, '');
}
