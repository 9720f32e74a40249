import { meanOf } from '#engine/statistics/moments.ts';
import type { Series } from '#engine/statistics/observations.ts';
import { sharpeRatio } from '#engine/statistics/sharpe-ratio.ts';

/** Crypto markets do not close. */
export const DAYS_PER_YEAR = 365;
const ROOT_OF_YEAR = Math.sqrt(DAYS_PER_YEAR);

/** A Sharpe ratio per day as one per year. */
export function perYear(daily: number): number {
  return daily * ROOT_OF_YEAR;
}

/** Sharpe ratio of daily returns, annual (Sharpe 1994; √365 as days are taken to be independent); null where nothing varies. */
export function annualSharpe(returns: Series): number | null {
  const daily = sharpeRatio(returns);
  return daily === null ? null : perYear(daily);
}

/** Mean daily return × 365; 0 of nothing. */
export function annualReturn(returns: Series): number {
  return (meanOf(returns) ?? 0) * DAYS_PER_YEAR;
}
