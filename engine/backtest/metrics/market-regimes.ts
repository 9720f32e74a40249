import type { CandleColumns } from '#engine/candles/types.ts';
import { meanOf } from '#engine/statistics/moments.ts';
import { spreadOf, sum } from './sample-statistics.ts';

const DAY_MS = 86_400_000;
const TREND_DAYS = 30;
const MEMORY_DAYS = 365;
const MEMORY_LEAST_DAYS = 60;

export const REGIMES = [
  'rising, calm',
  'rising, volatile',
  'sideways, calm',
  'sideways, volatile',
  'falling, calm',
  'falling, volatile',
  'unknown',
] as const;
export type MarketRegimeName = (typeof REGIMES)[number];

/**
 * What the market was doing when each UTC day began, known from earlier days alone. The market is the mean daily log return r of the
 * symbols that traded on both days.
 *
 * Trend: the sum of the last 30 r over √30 times their sample standard deviation s; above 1 rising, below -1 falling, else sideways
 * (the sign of past returns scaled by risk, after Moskowitz, Ooi and Pedersen 2012). Volatile: s above the sample standard deviation
 * of the last 365 r, or of as many as there are from 60 on. With fewer days behind it a day is unknown.
 * @returns by number of the day since 1970
 */
export function marketRegimes(columns: ReadonlyMap<string, CandleColumns>): Map<number, MarketRegimeName> {
  const days = marketReturns(columns);
  const returns = days.map(({ value }) => value);
  const regimes = new Map<number, MarketRegimeName>();
  for (const [index, { day }] of days.entries()) {
    regimes.set(day + 1, regimeAfter(returns.slice(Math.max(0, index + 1 - MEMORY_DAYS), index + 1)));
  }
  return regimes;
}

function regimeAfter(returns: readonly number[]): MarketRegimeName {
  const recent = returns.slice(-TREND_DAYS);
  const [spread, usual] = [spreadOf(recent), spreadOf(returns)];
  if (returns.length < MEMORY_LEAST_DAYS || spread === null || usual === null) return 'unknown';
  const drift = sum(recent) / (spread * Math.sqrt(TREND_DAYS));
  const isVolatile = spread > usual;
  if (drift > 1) return isVolatile ? 'rising, volatile' : 'rising, calm';
  if (drift < -1) return isVolatile ? 'falling, volatile' : 'falling, calm';
  return isVolatile ? 'sideways, volatile' : 'sideways, calm';
}

/** Mean log return of each day on which a symbol traded that had traded the day before. */
function marketReturns(columns: ReadonlyMap<string, CandleColumns>): { readonly day: number; readonly value: number }[] {
  const byDay = new Map<number, number[]>();
  for (const { time, close, volume } of columns.values()) {
    const closes = new Map<number, number>();
    for (let at = 0; at < time.length; at += 1) if (volume[at]! > 0) closes.set(Math.floor(time[at]! / DAY_MS), close[at]!);
    for (const [day, value] of closes) {
      const before = closes.get(day - 1);
      if (before === undefined) continue;
      const known = byDay.get(day);
      if (known === undefined) byDay.set(day, [Math.log(value / before)]);
      else known.push(Math.log(value / before));
    }
  }
  return [...byDay].sort(([left], [right]) => left - right).map(([day, values]) => ({ day, value: meanOf(values)! }));
}
