import type { CandleColumns } from '#engine/candles/types.ts';
import type { Trade } from '#engine/simulation/types.ts';
import { meanOf } from '#engine/statistics/moments.ts';
import type { EquityCurve } from '../types.ts';
import { dailyReturns } from './daily-returns.ts';
import { type MarketRegimeName, marketRegimes, REGIMES } from './market-regimes.ts';
import { profitFactorOf, winRateOf } from './metrics-of.ts';
import { sum } from './sample-statistics.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** Trades that have something in common. Ratios, not per cents; null where there is no trade to speak of, as in `Metrics`. */
export interface TradeGroup {
  readonly key: string;
  readonly trades: number;
  /** After fees, quote asset. */
  readonly netResult: number;
  /** Quote asset. */
  readonly fees: number;
  readonly expectancy: number | null;
  readonly winRate: number | null;
  readonly profitFactor: number | null;
  readonly averageHoldBars: number | null;
}

/** Days that have something in common, and the trades that belong to them. */
export interface DayGroup extends TradeGroup {
  readonly days: number;
  /** Daily returns of these days, compounded. */
  readonly netReturn: number;
}

/** One result taken apart; a report for people, in no evidence pack: it follows from trades, equity and candles. */
export interface Breakdowns {
  /** In declared order. */
  readonly bySymbol: readonly TradeGroup[];
  /** UTC month, `2024-01`; trades by the month they were closed in. */
  readonly byMonth: readonly DayGroup[];
  /** What the market was doing on the day (see `marketRegimes`); trades by the day they were opened on. */
  readonly byRegime: readonly DayGroup[];
  /** UTC hour of entry, `00` to `23`; hours without a trade are left out. */
  readonly byHour: readonly TradeGroup[];
  /** How long trades were held; spans without a trade are left out. */
  readonly byHorizon: readonly TradeGroup[];
}

export interface BreakdownInputs {
  readonly trades: readonly Trade[];
  readonly equity: EquityCurve;
  /** Quote asset. */
  readonly capital: number;
  /** The symbols the strategy declares, with bars from before the span where there are any: regimes look back. */
  readonly columns: ReadonlyMap<string, CandleColumns>;
}

const HORIZONS: readonly (readonly [name: string, upToMs: number])[] = [
  ['up to 1 hour', HOUR_MS],
  ['up to 4 hours', 4 * HOUR_MS],
  ['up to 1 day', DAY_MS],
  ['up to 3 days', 3 * DAY_MS],
  ['up to 1 week', 7 * DAY_MS],
  ['up to 30 days', 30 * DAY_MS],
  ['longer', Number.POSITIVE_INFINITY],
];

export function breakdownsOf({ trades, equity, capital, columns }: BreakdownInputs): Breakdowns {
  const regimes = marketRegimes(columns);
  const regimeOf = (time: number): MarketRegimeName => regimes.get(Math.floor(time / DAY_MS)) ?? 'unknown';
  const days = daysOf(equity, capital);
  const months = [...new Set([...days.map(({ time }) => monthOf(time)), ...trades.map(exitMonth)])].sort();
  return {
    bySymbol: groupsOf([...columns.keys()], trades, ({ symbol }) => symbol),
    byMonth: dayGroupsOf(months, days, monthOf, trades, exitMonth),
    byRegime: dayGroupsOf(REGIMES, days, regimeOf, trades, ({ entryTime }) => regimeOf(entryTime)).filter(
      (group) => group.days > 0 || group.trades > 0,
    ),
    byHour: tradedOnly(groupsOf(HOURS, trades, ({ entryTime }) => HOURS[new Date(entryTime).getUTCHours()]!)),
    byHorizon: tradedOnly(
      groupsOf(
        HORIZONS.map(([name]) => name),
        trades,
        horizonOf,
      ),
    ),
  };
}

const HOURS = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, '0'));

function horizonOf({ entryTime, exitTime }: Trade): string {
  return HORIZONS.find(([, upToMs]) => exitTime - entryTime <= upToMs)![0];
}

/** A fill belongs to the bar that opens at its time; the end of the data is the close of one. */
function exitMonth({ exitTime, exitCause }: Trade): string {
  return monthOf(exitCause === 'end-of-data' ? exitTime - 1 : exitTime);
}

interface Day {
  /** The last instant that counts to it. */
  readonly time: number;
  readonly change: number;
}

/** A point of the equity curve at midnight ends the day before it. */
function daysOf(equity: EquityCurve, capital: number): Day[] {
  return dailyReturns(capital, equity.value).map((change, index) => ({ time: equity.time[index]! - 1, change }));
}

function monthOf(time: number): string {
  return new Date(time).toISOString().slice(0, 7);
}

function groupsOf(keys: readonly string[], trades: readonly Trade[], keyOf: (trade: Trade) => string): TradeGroup[] {
  const byKey = new Map<string, Trade[]>(keys.map((key) => [key, []]));
  for (const trade of trades) byKey.get(keyOf(trade))!.push(trade);
  return [...byKey].map(([key, members]) => groupOf(key, members));
}

function dayGroupsOf(
  keys: readonly string[],
  days: readonly Day[],
  keyOfDay: (time: number) => string,
  trades: readonly Trade[],
  keyOfTrade: (trade: Trade) => string,
): DayGroup[] {
  const growth = new Map<string, { days: number; factor: number }>();
  for (const { time, change } of days) {
    const key = keyOfDay(time);
    const known = growth.get(key) ?? { days: 0, factor: 1 };
    growth.set(key, { days: known.days + 1, factor: known.factor * (1 + change) });
  }
  return groupsOf(keys, trades, keyOfTrade).map((group) => {
    const { days: count, factor } = growth.get(group.key) ?? { days: 0, factor: 1 };
    return { ...group, days: count, netReturn: factor - 1 };
  });
}

function groupOf(key: string, trades: readonly Trade[]): TradeGroup {
  const netResults = trades.map(({ netResult }) => netResult);
  return {
    key,
    trades: trades.length,
    netResult: sum(netResults),
    fees: sum(trades.map(({ fees }) => fees)),
    expectancy: meanOf(trades.map(({ netReturn }) => netReturn)),
    winRate: winRateOf(netResults),
    profitFactor: profitFactorOf(netResults),
    averageHoldBars: meanOf(trades.map(({ barsHeld }) => barsHeld)),
  };
}

function tradedOnly(groups: readonly TradeGroup[]): TradeGroup[] {
  return groups.filter(({ trades }) => trades > 0);
}
