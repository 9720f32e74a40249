import type { ForwardRecord } from './forward-record.ts';
import type { Replaying } from './replay-forward.ts';

const DAY_MS = 86_400_000;

/** How a version did its work on one UTC day. */
export interface DayOfHealth {
  /** `YYYY-MM-DD` */
  readonly day: string;
  /** Bars that closed on it, times symbols, and those it decided on. */
  readonly due: number;
  readonly made: number;
  readonly signals: number;
  /** Signals that nothing came of, because they were refused. */
  readonly refused: number;
  readonly faults: number;
  /** Net result of the trades that closed on it, quote asset: its own, or in shadow those the backtester makes. */
  readonly netResult: number;
}

/** The last days before a market time, each as a whole, oldest first; those before it was loaded are left out. */
export function dailyHealth(record: ForwardRecord, replaying: Replaying, days: number): readonly DayOfHealth[] {
  const last = Math.floor(record.asOf / DAY_MS) - 1;
  const first = Math.max(Math.floor(record.since / DAY_MS), last - days + 1);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => healthOn(first + index, record, replaying));
}

/** @param number days since 1970 */
function healthOn(number: number, { stage, decided, faults, trades }: ForwardRecord, replaying: Replaying): DayOfHealth {
  // A close at midnight belongs to the day before.
  const isOn = (instant: number): boolean => Math.floor((instant - 1) / DAY_MS) === number;
  const own = decided.filter(({ instant }) => isOn(instant));
  const count = (rows: typeof own): number => rows.reduce((sum, { times }) => sum + times, 0);
  const closed: readonly { readonly exitTime: number; readonly netResult: number }[] =
    stage === 'shadow' ? (replaying.ok ? replaying.replay.trades : []) : trades;
  const due = replaying.ok ? [...replaying.replay.due.values()].flat().filter(isOn).length : count(own);
  return {
    day: new Date(number * DAY_MS).toISOString().slice(0, 10),
    due,
    made: count(own),
    signals: count(own.filter(({ action }) => action !== 'hold')),
    refused: count(own.filter(({ outcome }) => outcome.startsWith('denied:'))),
    faults: faults.filter(({ instant }) => isOn(instant!)).length,
    netResult: closed.filter(({ exitTime }) => isOn(exitTime)).reduce((sum, { netResult }) => sum + netResult, 0),
  };
}
