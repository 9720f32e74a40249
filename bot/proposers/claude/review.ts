import type { Review, Reviewed } from '#bot/proposers/author.ts';
import { digestOf } from '#engine/attestation/canonical.ts';
import type { Mask } from './mask.ts';
import { asFinding } from './review/answer.ts';
import { isCaught } from './review/is-caught.ts';
import { type Look, look } from './review/look.ts';
import { plantFault } from './review/plant-fault.ts';
import { recallSentence, reviewerRecall } from './review/recall.ts';
import { ReviewBook, type ShownChange } from './review/review-book.ts';
import type { Say } from './say.ts';

export interface ReviewerOptions {
  readonly say: Say;
  readonly cycle: string;
  /** The bot's own folder: what the reviewer was shown and found is kept in it. */
  readonly dir: string;
  /** UTC milliseconds. */
  readonly clock: () => number;
  /** What is kept from the reviewer; people read its findings without. */
  readonly mask: Mask;
}

export interface Reviewer {
  review(reviewed: Reviewed): Promise<Review>;
}

/**
 * A model that reads a change without its author's reasons: it sees the contract, the diff, the files and the numbers. What a docstring
 * claims it sees too, since that is merged with the rest. Once a night, after it has read a candidate, it is shown the same change with a
 * fault in it that is known, in an exchange of its own, and whether it finds that is kept.
 */
export function reviewer(options: ReviewerOptions): Reviewer {
  return {
    async review(reviewed) {
      const { say, cycle, mask } = options;
      const seen = await look(reviewed, cycle, say, mask);
      note(options, candidateRow(reviewed, seen));
      if (seen.kind === 'unread') return { kind: 'nothing', reason: `The reviewing model has not looked at it. ${seen.reason}` };
      await slipIn(reviewed, options);
      const recall = recallSentence(reviewerRecall(options.dir, 0, options.clock() + 1));
      return { kind: 'reviewed', findings: seen.findings.map(asFinding), recall };
    },
  };
}

type Row = Omit<ShownChange, 'cycle' | 'at'>;

function candidateRow({ candidate }: Reviewed, seen: Look): Row {
  const subject = subjectOf(candidate);
  if (seen.kind === 'unread') return { subject, fault: null, outcome: 'unread', findings: null, record: null };
  const isBlocked = seen.findings.some(({ severity }) => severity === 'blocker');
  const { record } = seen;
  return { subject, fault: null, outcome: isBlocked ? 'blocked' : 'read', findings: JSON.stringify(seen.findings), record };
}

async function slipIn(reviewed: Reviewed, options: ReviewerOptions): Promise<void> {
  const { say, cycle, dir, mask } = options;
  const planted = await plantFault(reviewed, cycle);
  if (planted === null) return;
  const { fault, files } = planted;
  const subject = subjectOf(files);
  if (withBook(dir, (book) => book.hasSlipped(cycle, subject))) return;
  const seen = await look({ ...reviewed, candidate: files }, cycle, say, mask);
  if (seen.kind === 'unread') return note(options, { subject, fault, outcome: 'unread', findings: null, record: null });
  const outcome = isCaught(seen.findings, planted) ? 'caught' : 'missed';
  note(options, { subject, fault, outcome, findings: JSON.stringify(seen.findings), record: seen.record });
}

function subjectOf(files: Reviewed['candidate']): string {
  return digestOf(JSON.stringify([...files].toSorted(([left], [right]) => (left < right ? -1 : 1))));
}

function note({ dir, cycle, clock }: ReviewerOptions, row: Row): void {
  withBook(dir, (book) => book.write({ ...row, cycle, at: clock() }));
}

function withBook<T>(dir: string, use: (book: ReviewBook) => T): T {
  const book = ReviewBook.open(dir);
  try {
    return use(book);
  } finally {
    book.close();
  }
}
