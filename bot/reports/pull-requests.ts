import { code, harmless, plain } from '#bot/evidence/markdown.ts';
import { counted, minute } from '#bot/evidence/numbers.ts';
import type { MergeRecord } from '#bot/orchestrator/life/merge-log.ts';

/** What became of pull requests in some days. */
export interface PullRequestFacts {
  /** What nights proposed, as the ledger has it. */
  readonly proposed: readonly { readonly cycle: string; readonly branch: string }[];
  /** As it was written down; oldest first. */
  readonly merged: readonly MergeRecord[];
  /** What people decided to close without a merge, as it was written down. */
  readonly closed: readonly { readonly number: number; readonly by: string; readonly at: number }[];
  /** What the forge says besides; why it was not asked, where it was not. */
  readonly forge: ForgePulls | { readonly problem: string };
}

/** What only the forge knows; clock's time, UTC milliseconds. */
export interface ForgePulls {
  readonly opened: readonly ListedPull[];
  /** Closed without a merge. */
  readonly closed: readonly ListedPull[];
  /** Merged, and in no record yet. */
  readonly unrecorded: readonly ListedPull[];
  /** Whose final gate did not let them through, of those that are open or were opened or closed in these days. */
  readonly refused: readonly (ListedPull & { readonly gates: readonly string[] })[];
  /** How many wait now. */
  readonly waiting: number;
}

export interface ListedPull {
  readonly number: number;
  readonly branch: string;
  readonly author: string;
  /** When that happened to it. */
  readonly at: number;
}

/** Markdown. Numbers and names stand as code: a report is told in comments too, and links and calls nothing. */
export function pullRequestsText({ proposed, merged, closed, forge }: PullRequestFacts): string {
  const isAsked = !('problem' in forge);
  const parts = [
    ...(isAsked
      ? [listOf('Opened', forge.opened.map(listedLine))]
      : [
          listOf(
            'Proposed by nights',
            proposed.map(({ cycle, branch }) => `${code(branch)}, night ${code(cycle)}`),
          ),
        ]),
    listOf('Merged', [
      ...merged.map(
        ({ number, title, by, mergedAt }) =>
          `${numbered(number)} ${plain(title)}, by ${code(by)} at ${minute(Date.parse(mergedAt))} UTC`,
      ),
      ...(isAsked ? forge.unrecorded.map((pull) => `${listedLine(pull)}, not written down yet`) : []),
    ]),
    isAsked
      ? listOf('Closed without a merge', forge.closed.map(listedLine))
      : listOf(
          'Closed, as somebody decided',
          closed.map(({ number, by, at }) => `${numbered(number)} by ${code(by)} at ${minute(at)} UTC`),
        ),
  ].filter((part) => part !== '');
  const nothing = isAsked ? 'Nothing was opened, merged or closed.' : 'No record tells of one.';
  const foot = isAsked
    ? `${forge.waiting === 0 ? 'None waits' : `${counted(forge.waiting, 'pull request')} wait${forge.waiting === 1 ? 's' : ''}`} now.`
    : `The forge was not asked: ${harmless(forge.problem)} What people opened, or closed there, is not in this list.`;
  return [...(parts.length === 0 ? [nothing] : parts), foot].join('\n\n');
}

function listedLine({ number, branch, author, at }: ListedPull): string {
  return `${numbered(number)} ${code(branch)}, by ${code(author)} at ${minute(at)} UTC`;
}

function numbered(number: number): string {
  return code(`#${number}`);
}

function listOf(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${title}:\n\n${lines.map((line) => `- ${line}`).join('\n')}`;
}
