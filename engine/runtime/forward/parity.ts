import type { Trade } from '#engine/simulation/types.ts';
import type { DecidedRow, TradeRow } from '#engine/store/rows.ts';
import type { ForwardRecord } from './forward-record.ts';
import type { Replay, ReplayedSignal } from './replay-forward.ts';

/**
 * How the record agrees with the backtester. Of a version on paper, each closed trade, every number of it. Of one in shadow, which
 * holds nothing, each decision with its reason up to the bar from which the backtester would have held something. Of one that trades at a
 * venue, whose fills no simulation foresees, what it decided at which bar.
 */
export type Parity =
  | {
      readonly state: 'compared';
      readonly what: 'trades' | 'decisions';
      readonly compared: number;
      readonly differences: number;
      /** The first difference, in words; null when there is none. */
      readonly first: string | null;
    }
  /** Why nothing could be compared, a clause. */
  | { readonly state: 'cannot'; readonly why: string };

/** Codes by which somebody or something outside the strategy stopped an entry, which no backtest knows of. */
const HELD_BACK: readonly string[] = ['paused', 'reducing', 'halted', 'breach', 'stale-data'].map((code) => `denied:${code}`);

/** @param asOf compared is what closed or was decided up to here; market time, UTC milliseconds */
export function parityOf(record: ForwardRecord, replay: Replay, asOf = record.asOf): Parity {
  if (!record.beganFlat) return { state: 'cannot', why: 'it took over positions that another version had opened' };
  if (record.hasPredecessor && replay.hasState)
    return { state: 'cannot', why: 'it took over the state of the version before it' };
  const heldBack = record.decided.find(({ outcome }) => HELD_BACK.includes(outcome))?.first ?? Number.POSITIVE_INFINITY;
  const until = Math.min(asOf, heldBack - 1);
  switch (record.stage) {
    case 'shadow':
      return signalParity(record, replay, Math.min(until, replay.firstHeldAt ?? until), ({ reason }) => reason);
    case 'paper':
      return tradeParity(record, replay, until);
    case 'canary':
    case 'live':
      return signalParity(record, replay, until, () => '');
    default:
      return record.stage satisfies never;
  }
}

function tradeParity({ trades }: ForwardRecord, replay: Replay, until: number): Parity {
  const done = trades.filter(({ exitTime }) => exitTime <= until).map(comparableRow);
  const tested = replay.trades.filter(({ exitTime }) => exitTime <= until).map(comparable);
  return compared('trades', done.toSorted(), tested.toSorted());
}

function signalParity(
  { decided, barMs }: ForwardRecord,
  { signals }: Replay,
  until: number,
  saidOf: (signal: ReplayedSignal) => string,
): Parity {
  const line = (signal: ReplayedSignal): string =>
    [new Date(signal.instant).toISOString(), signal.symbol, signal.action, saidOf(signal)].join(' ').trimEnd();
  const asked = decided.filter(({ action }) => action !== 'hold');
  // Of a run with gaps in it nobody knows any more at which bars: what is compared begins after the last of them.
  const from = asked.findLast((one) => !isWhole(one, barMs))?.instant ?? Number.NEGATIVE_INFINITY;
  const isWithin = ({ instant }: { readonly instant: number }): boolean => instant > from && instant <= until;
  const done = asked
    .flatMap((one) => barsOf(one, barMs))
    .filter(isWithin)
    .map(line);
  const tested = signals.filter(isWithin).map(line);
  return compared('decisions', done.toSorted(), tested.toSorted());
}

/** A decision at every bar from the first to the last. */
function isWhole({ first, instant, times }: DecidedRow, barMs: number): boolean {
  return times === 1 || first + (times - 1) * barMs === instant;
}

function barsOf(run: DecidedRow, barMs: number): readonly ReplayedSignal[] {
  return Array.from({ length: run.times }, (_, back) => ({ ...run, instant: run.instant - back * barMs }));
}

function compared(what: 'trades' | 'decisions', done: readonly string[], tested: readonly string[]): Parity {
  const [missing, extra] = [without(tested, done), without(done, tested)];
  const [lacking] = missing;
  const [more] = extra;
  const first =
    more !== undefined
      ? `the engine recorded ${more}, which the backtester does not make`
      : lacking !== undefined
        ? `the backtester makes ${lacking}, which the engine did not record`
        : null;
  return {
    state: 'compared',
    what,
    compared: Math.max(done.length, tested.length),
    differences: Math.max(missing.length, extra.length),
    first,
  };
}

/** Those of `all` that have no partner among `others`, each partner serving once. */
function without(all: readonly string[], others: readonly string[]): readonly string[] {
  const left = new Map<string, number>();
  for (const one of others) left.set(one, (left.get(one) ?? 0) + 1);
  return all.filter((one) => {
    const count = left.get(one) ?? 0;
    if (count > 0) left.set(one, count - 1);
    return count === 0;
  });
}

function comparableRow(row: TradeRow): string {
  const { strategy: _s, treeHash: _t, instant: _i, version: _v, ...trade } = row;
  return lineOf(trade);
}

function comparable({ version: _v, ...trade }: Trade): string {
  return lineOf(trade);
}

function lineOf(trade: Omit<Trade, 'version' | 'exitCause'> & { readonly exitCause: string }): string {
  const { symbol, entryTime, ...rest } = trade;
  const others = Object.fromEntries(Object.entries(rest).sort(([left], [right]) => (left < right ? -1 : 1)));
  return JSON.stringify([symbol, entryTime, others]);
}
