import { demandFinite, type Series } from './observations.ts';

// Plain sums in a fixed order, products instead of powers: the same bytes on every version of Node.

/** A deviation this small beside the values themselves is what rounding leaves of values that do not differ. */
const ROUNDING = 1e-12;

/** The first four moments of a sample. Null where too few observations, or none that differ, leave nothing to say. */
export interface Moments {
  readonly count: number;
  /** Null of nothing. */
  readonly mean: number | null;
  /** Sum of squared deviations over n - 1; null below two observations, 0 where they do not differ. */
  readonly variance: number | null;
  /** Third central moment over the 3/2 power of the second, both over n (Fisher's g₁); null where nothing varies. */
  readonly skewness: number | null;
  /** Fourth central moment over the square of the second, both over n: 3 for a normal sample, not 0; null where nothing varies. */
  readonly kurtosis: number | null;
}

/**
 * Mean, variance (n - 1), skewness and kurtosis (not excess), each in the units Bailey and López de Prado (2012) use.
 * @throws statistics/not-finite
 */
export function momentsOf(series: Series): Moments {
  demandFinite(series, 'the sample');
  const count = series.length;
  const mean = meanOf(series);
  const variance = varianceOf(series);
  if (mean === null || variance === null || variance === 0) return { count, mean, variance, skewness: null, kurtosis: null };
  let [second, third, fourth] = [0, 0, 0];
  for (let index = 0; index < count; index += 1) {
    const deviation = series[index]! - mean;
    const square = deviation * deviation;
    second += square;
    third += square * deviation;
    fourth += square * square;
  }
  const spread = second / count;
  return {
    count,
    mean,
    variance,
    skewness: third / count / (spread * Math.sqrt(spread)),
    kurtosis: fourth / count / (spread * spread),
  };
}

/** Arithmetic mean; null of nothing. */
export function meanOf(series: Series): number | null {
  const count = series.length;
  if (count === 0) return null;
  let total = 0;
  for (let index = 0; index < count; index += 1) total += series[index]!;
  return total / count;
}

/** Sum of squared deviations over n - 1; null below two observations, exactly 0 where they differ by rounding only. */
export function varianceOf(series: Series): number | null {
  const count = series.length;
  const mean = meanOf(series);
  if (mean === null || count < 2) return null;
  let squares = 0;
  let largest = 1;
  for (let index = 0; index < count; index += 1) {
    const deviation = series[index]! - mean;
    squares += deviation * deviation;
    largest = Math.max(largest, Math.abs(series[index]!));
  }
  const variance = squares / (count - 1);
  return Math.sqrt(variance) > ROUNDING * largest ? variance : 0;
}

/** Root of the variance (n - 1); null below two observations, exactly 0 where they differ by rounding only. */
export function deviationOf(series: Series): number | null {
  const variance = varianceOf(series);
  return variance === null ? null : Math.sqrt(variance);
}
