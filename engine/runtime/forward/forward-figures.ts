import { maximumDrawdown, totalReturn } from '#engine/statistics/return-statistics.ts';
import type { Stage } from '#engine/store/rows.ts';
import type { ForwardRecord } from './forward-record.ts';
import { type Parity, parityOf } from './parity.ts';
import type { Replaying } from './replay-forward.ts';

const DAY_MS = 86_400_000;

/** What a version did outside backtests, in figures. Ratios, not per cents; money in the quote asset. */
export interface ForwardFigures {
  readonly strategy: string;
  readonly tree: string;
  readonly commit: string;
  readonly stage: Stage;
  /** Market time, UTC milliseconds. */
  readonly since: number;
  readonly asOf: number;
  /** Whole or begun days of market time between the two, as a fraction. */
  readonly days: number;
  /** Share of the wall clock's time since it was loaded; null where none has passed. */
  readonly uptime: number | null;
  /** Bars that closed, times symbols, and those of them it decided on; null where the candles are not at hand. */
  readonly decisions: { readonly due: number; readonly made: number } | null;
  readonly faults: number;
  /** What the market's candles were like in these days; null where they are not at hand. */
  readonly data: DataFigures | null;
  /** Of its own trades; of a version in shadow those the backtester makes of the same days, hypothetical. Null where nobody can say. */
  readonly result: ResultFigures | null;
  readonly parity: Parity;
}

export interface DataFigures {
  /** Bars of its own length by the clock, times symbols, and those that are there. */
  readonly expected: number;
  readonly present: number;
  /** The longest stretch without a bar of any one symbol, in bars. */
  readonly longestGap: number;
  /** Bars between the newest bar of the symbol that has the oldest one, and `asOf`. */
  readonly age: number;
  /** Bars that the venue told differently after they had been traded on. */
  readonly corrections: number;
}

export interface ResultFigures {
  readonly isHypothetical: boolean;
  readonly trades: number;
  /** Trades that brought more than their fees, a share; null without a trade. */
  readonly winRate: number | null;
  /** After fees, of what the account was worth when it was loaded; what is still held counts at its last close. */
  readonly netReturn: number;
  /** The deepest fall from the highest equity, at the closes of bars, or of days where it is hypothetical. */
  readonly maxDrawdown: number;
  /** A return for each UTC day, ratios, oldest first. The day on which it was loaded and the last may be short ones. */
  readonly daily: readonly number[];
}

/**
 * The figures up to a market time, of a record and its replay that go further or end there.
 * @param asOf UTC milliseconds, at most the record's own
 */
export function forwardFigures(record: ForwardRecord, replaying: Replaying, asOf = record.asOf): ForwardFigures {
  const { strategy, tree, commit, stage, since, uptime, faults } = record;
  return {
    strategy,
    tree,
    commit,
    stage,
    since,
    asOf,
    days: Math.max(0, asOf - since) / DAY_MS,
    uptime,
    decisions: replaying.ok ? decisionsOf(record, replaying, asOf) : null,
    faults: faults.filter(({ instant }) => instant! <= asOf).length,
    data: replaying.ok ? dataOf(record, replaying, asOf) : null,
    result: stage === 'shadow' ? hypothetical(record, replaying, asOf) : resultOf(record, asOf),
    parity: replaying.ok ? parityOf(record, replaying.replay, asOf) : { state: 'cannot', why: replaying.why },
  };
}

type Replayed = Extract<Replaying, { ok: true }>;

function decisionsOf({ decided }: ForwardRecord, { replay }: Replayed, asOf: number): ForwardFigures['decisions'] {
  let [due, made] = [0, 0];
  for (const [symbol, closes] of replay.due) {
    const own = closes.filter((close) => close <= asOf).length;
    const times = decided.reduce((sum, one) => (one.symbol === symbol && one.instant <= asOf ? sum + one.times : sum), 0);
    due += own;
    // What was decided where no bar was due makes up for nothing.
    made += Math.min(own, times);
  }
  return { due, made };
}

function dataOf({ since, barMs }: ForwardRecord, { replay }: Replayed, asOf: number): DataFigures {
  const [first, last] = [Math.floor(since / barMs), Math.floor(asOf / barMs)];
  const each = Math.max(0, last - first);
  let [present, longestGap, age] = [0, 0, 0];
  for (const closes of replay.due.values()) {
    let before = first * barMs;
    for (const close of closes) {
      if (close > asOf) break;
      present += 1;
      longestGap = Math.max(longestGap, Math.round((close - before) / barMs) - 1);
      before = close;
    }
    const silent = Math.max(0, Math.floor((asOf - before) / barMs));
    longestGap = Math.max(longestGap, silent);
    age = Math.max(age, silent);
  }
  const corrections = replay.corrected.filter((moment) => moment <= asOf).length;
  return { expected: each * replay.due.size, present, longestGap, age, corrections };
}

/** Of the account at its bars, as it was recorded. */
function resultOf({ capital, equity, trades }: ForwardRecord, asOf: number): ResultFigures {
  const points = equity.filter(({ instant }) => instant <= asOf);
  let [peak, deepest] = [capital, 0];
  for (const { high, low, fall } of points) {
    deepest = Math.max(deepest, fall, peak > 0 ? 1 - low / peak : 0);
    peak = Math.max(peak, high);
  }
  const last = points.at(-1)?.value ?? capital;
  return {
    isHypothetical: false,
    ...tally(trades.filter(({ instant }) => instant <= asOf)),
    netReturn: capital > 0 ? last / capital - 1 : 0,
    maxDrawdown: deepest,
    daily: dailyReturns(
      points.map(({ instant, value }) => [instant, value]),
      capital,
    ),
  };
}

function tally(trades: readonly { readonly netResult: number }[]): Pick<ResultFigures, 'trades' | 'winRate'> {
  const wins = trades.filter(({ netResult }) => netResult > 0).length;
  return { trades: trades.length, winRate: trades.length === 0 ? null : wins / trades.length };
}

/** What the backtester makes of the days of a version that trades nothing. */
function hypothetical({ capital }: ForwardRecord, replaying: Replaying, asOf: number): ResultFigures | null {
  if (!replaying.ok) return null;
  const { equity, trades } = replaying.replay;
  const points = equity.time.flatMap((time, index): [number, number][] => (time <= asOf ? [[time, equity.value[index]!]] : []));
  const daily = dailyReturns(points, capital);
  return {
    isHypothetical: true,
    ...tally(trades.filter(({ exitTime }) => exitTime <= asOf)),
    netReturn: totalReturn(daily),
    maxDrawdown: maximumDrawdown(daily),
    daily,
  };
}

/**
 * The change of equity between the ends of two UTC days, as a ratio; the first from the capital. A close at midnight ends the day before;
 * a day without a bar earns nothing and is among them.
 */
export function dailyReturns(points: readonly (readonly [instant: number, value: number])[], capital: number): number[] {
  const returns: number[] = [];
  let [before, dayBefore, value] = [capital, -1, capital];
  const end = (): void => {
    returns.push(before > 0 ? value / before - 1 : 0);
    before = value;
  };
  for (const [instant, worth] of points) {
    const day = Math.floor((instant - 1) / DAY_MS);
    if (dayBefore >= 0 && day !== dayBefore) {
      end();
      for (let silent = dayBefore + 1; silent < day; silent += 1) returns.push(0);
    }
    [dayBefore, value] = [day, worth];
  }
  if (dayBefore >= 0) end();
  return returns;
}
