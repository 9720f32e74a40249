import { counted, share } from '#bot/evidence/numbers.ts';
import { wilsonInterval } from '#engine/statistics/wilson-interval.ts';
import { FAULT_NAMES, type FaultName } from './known-bad/known-bad.ts';
import { KNOWN_BAD } from './known-bad/library.ts';
import { ReviewBook } from './review-book.ts';

/** How much of what is known to be bad a reviewer finds. */
export interface ReviewerRecall {
  /** Changes known to be bad that were read. */
  readonly slipped: number;
  readonly caught: number;
  /** Those that nobody looked at: they count neither way. */
  readonly unread: number;
  /** Of the share that is caught, at 95 % (Wilson 1927); null where none was read. */
  readonly interval: { readonly low: number; readonly high: number } | null;
  /** The faults that were slipped in, one a row. */
  readonly faults: readonly {
    readonly name: FaultName;
    readonly fault: string;
    readonly slipped: number;
    readonly caught: number;
  }[];
  /** Candidates of nights: who calls everything bad finds every fault, and would block all of these. */
  readonly candidates: { readonly read: number; readonly blocked: number; readonly unread: number };
}

/**
 * From all that reviewers were shown in a span.
 * @param dir the bot's own folder
 * @param from UTC milliseconds, inside
 * @param to UTC milliseconds, outside
 */
export function reviewerRecall(dir: string, from: number, to: number): ReviewerRecall {
  const book = ReviewBook.openThere(dir);
  const shown = book?.between(from, to) ?? [];
  book?.close();
  const bad = shown.filter(({ fault }) => fault !== null);
  const candidates = shown.filter(({ fault }) => fault === null);
  const count = (rows: typeof shown, ...outcomes: readonly string[]) =>
    rows.filter(({ outcome }) => outcomes.includes(outcome)).length;
  const slipped = count(bad, 'caught', 'missed');
  const caught = count(bad, 'caught');
  const faults = FAULT_NAMES.map((name) => {
    const rows = bad.filter(({ fault }) => fault === name);
    return { name, fault: KNOWN_BAD[name].fault, slipped: count(rows, 'caught', 'missed'), caught: count(rows, 'caught') };
  });
  return {
    slipped,
    caught,
    unread: count(bad, 'unread'),
    interval: slipped === 0 ? null : wilsonInterval(caught, slipped),
    faults: faults.filter((row) => row.slipped > 0),
    candidates: {
      read: count(candidates, 'read', 'blocked'),
      blocked: count(candidates, 'blocked'),
      unread: count(candidates, 'unread'),
    },
  };
}

/** The same in one sentence or two, Markdown. */
export function recallSentence({ slipped, caught, interval, candidates }: ReviewerRecall): string {
  const blocked = `It has blocked ${candidates.blocked} of ${counted(candidates.read, 'candidate')}.`;
  if (interval === null) return `Nobody knows yet how much it finds: it has read no change that is known to be bad. ${blocked}`;
  const range = `between ${share(interval.low)} and ${share(interval.high)} of such faults, at 95% confidence`;
  return `Of ${counted(slipped, 'change')} known to be bad that were slipped to it, it found the fault in ${caught}: ${range}. ${blocked}`;
}
