import { type LedgerReading, recordsOf } from './chain.ts';
import type { EntryOf } from './entries.ts';

/** The night that began and did not end: a killed one, to be taken up again. */
export function unfinishedNight(ledger: LedgerReading): EntryOf<'night-began'> | null {
  const began = recordsOf(ledger, 'night-began').at(-1);
  if (began === undefined) return null;
  const hasEnded = recordsOf(ledger, 'night-ended').some(({ cycle }) => cycle === began.cycle);
  return hasEnded ? null : began.entry;
}

/** What asks for a night by itself, and has one however often its job runs: a comment, by its id, or an instant of the schedule, UTC milliseconds. */
export type AskedIn = { readonly comment: number } | { readonly schedule: number };

/** The night that was asked for there; null when there was none yet. */
export function nightAskedIn(ledger: Pick<LedgerReading, 'entries'>, asked: AskedIn): string | null {
  if ('comment' in asked)
    return recordsOf(ledger, 'night-asked').find(({ entry }) => entry.comment === asked.comment)?.cycle ?? null;
  return recordsOf(ledger, 'night-due').find(({ entry }) => entry.at === asked.schedule)?.cycle ?? null;
}

/**
 * `yyyymmdd-n`: the market's day and the number of the night on it. Never before the newest night there is, whose lines the new
 * one's follow.
 */
export function nextCycle(ledger: LedgerReading, asOf: number): string {
  const today = new Date(asOf).toISOString().slice(0, 10).replaceAll('-', '');
  const newest = ledger.entries.at(-1)?.cycle.slice(0, today.length) ?? today;
  const day = [newest, today].sort().at(-1)!;
  const numbers = ledger.entries
    .filter(({ cycle }) => cycle.startsWith(`${day}-`))
    .map(({ cycle }) => Number(cycle.slice(day.length + 1)));
  return `${day}-${Math.max(0, ...numbers) + 1}`;
}

/** One night as a reader wants to see it. */
export interface Night {
  readonly cycle: string;
  readonly strategy: string;
  readonly proposer: string;
  readonly planned: number;
  readonly scored: number;
  readonly rejected: number;
  /** Questions put to the selection data, and how many of the answers were "above". */
  readonly asked: number;
  readonly above: number;
  /** Null while it runs, or when it was killed and has not been taken up again. */
  readonly decision: string | null;
  readonly reason: string | null;
}

/** All nights, oldest first. */
export function nightsOf(ledger: LedgerReading): readonly Night[] {
  return recordsOf(ledger, 'night-began').map(({ cycle, entry: { strategy, proposer } }) => {
    const own = { entries: ledger.entries.filter((record) => record.cycle === cycle) };
    const trials = recordsOf(own, 'trial');
    const ended = recordsOf(own, 'night-ended').at(-1);
    return {
      cycle,
      strategy,
      proposer,
      planned: plannedIn(own),
      scored: trials.filter(({ entry }) => entry.outcome === 'scored').length,
      rejected: trials.filter(({ entry }) => entry.outcome === 'rejected').length,
      asked: recordsOf(own, 'selection-asked').length,
      above: recordsOf(own, 'selection-answered').filter(({ entry }) => entry.answer === 'above').length,
      decision: ended?.entry.decision ?? null,
      reason: ended?.entry.reason ?? null,
    };
  });
}

/** How many trials these lines planned: a trial counts from the moment it is planned, whether it was ever finished or not. */
export function plannedIn(lines: Pick<LedgerReading, 'entries'>): number {
  return recordsOf(lines, 'trials-planned').reduce((sum, { entry }) => sum + entry.trials.length, 0);
}
