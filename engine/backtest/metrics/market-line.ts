import { spreadOf, sum } from './sample-statistics.ts';

/** Crypto markets do not close: a year has 365 trading days. */
const DAYS_A_YEAR = 365;
/** Through fewer points any line can be drawn. */
const LEAST_DAYS = 20;

export interface MarketLine {
  /** Per year, arithmetic: what a day brought beyond beta times the benchmark, × 365. */
  readonly alpha: number;
  /** Change of the strategy for one of the benchmark. */
  readonly beta: number;
}

/**
 * Least squares of daily returns on those of a benchmark over the same days, risk-free rate 0:
 * beta = cov(r, b) / var(b) (Sharpe 1964), alpha = (mean r - beta × mean b) × 365 (Jensen 1968).
 * Null below 20 days and for a benchmark that does not move.
 */
export function marketLine(returns: readonly number[], benchmark: readonly number[]): MarketLine | null {
  if (returns.length !== benchmark.length) throw new RangeError('Returns and benchmark are not of the same days.');
  const days = returns.length;
  if (days < LEAST_DAYS || spreadOf(benchmark) === null) return null;
  const mean = sum(returns) / days;
  const benchmarkMean = sum(benchmark) / days;
  const variance = sum(benchmark.map((value) => (value - benchmarkMean) * (value - benchmarkMean)));
  const covariance = sum(benchmark.map((value, day) => (value - benchmarkMean) * (returns[day]! - mean)));
  const beta = covariance / variance;
  return { beta, alpha: (mean - beta * benchmarkMean) * DAYS_A_YEAR };
}
