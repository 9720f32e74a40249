import { deviationOf, meanOf, momentsOf } from './moments.ts';
import { demandCount, demandFinite, demandWithin, type Series } from './observations.ts';

/**
 * Mean over standard deviation (n - 1), per observation: times the root of the observations in a year it is the annual one.
 * Returns are in excess of whatever riskless rate applies. Null below two observations or where nothing varies.
 * Sharpe (1994), "The Sharpe ratio".
 * @throws statistics/not-finite
 */
export function sharpeRatio(returns: Series): number | null {
  demandFinite(returns, 'the returns');
  const deviation = deviationOf(returns);
  return deviation === null || deviation === 0 ? null : meanOf(returns)! / deviation;
}

/** A measured Sharpe ratio and the shape of the returns it was measured on. */
export interface SharpeSample {
  /** Per observation, not annual. */
  readonly sharpe: number;
  readonly observations: number;
  readonly skewness: number;
  /** Not excess: 3 for normal returns. */
  readonly kurtosis: number;
}

/**
 * (T - 1) times the variance of the estimated Sharpe ratio: 1 - γ₃·SR + (γ₄ - 1)/4·SR² (Mertens 2002; Bailey and López de
 * Prado 2012). Null where the moments leave no variance: returns that take two values only can do that.
 * @throws statistics/not-finite, statistics/out-of-range
 */
export function sharpeVarianceFactor({ sharpe, observations, skewness, kurtosis }: SharpeSample): number | null {
  demandFinite([sharpe, skewness, kurtosis], 'Sharpe ratio, skewness and kurtosis');
  demandCount(observations, 0, Number.MAX_SAFE_INTEGER, 'the number of observations');
  demandWithin(kurtosis, 0, Number.MAX_VALUE, 'the kurtosis');
  const factor = 1 - skewness * sharpe + ((kurtosis - 1) / 4) * sharpe * sharpe;
  return factor > 1e-12 ? factor : null;
}

/**
 * Sharpe ratio and shape of a series of returns, per observation, as the formulas of this room take them.
 * Null below two observations or where nothing varies: there is no ratio.
 * @throws statistics/not-finite
 */
export function sharpeSampleOf(returns: Series): SharpeSample | null {
  const { count, mean, variance, skewness, kurtosis } = momentsOf(returns);
  if (mean === null || !variance || skewness === null || kurtosis === null) return null;
  return { sharpe: mean / Math.sqrt(variance), observations: count, skewness, kurtosis };
}
