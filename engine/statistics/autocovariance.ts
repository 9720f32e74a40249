import { meanOf, varianceOf } from './moments.ts';
import type { Series } from './observations.ts';

/**
 * Autocovariances R(0) … R(lags): Σ (x(t) - mean)·(x(t + k) - mean) over n. All 0 where the series does not vary.
 * Box, Jenkins and Reinsel (1994), "Time series analysis", chapter 2.
 * @param lags smaller than the length of the series
 */
export function autocovariancesOf(series: Series, lags: number): Float64Array {
  const covariances = new Float64Array(lags + 1);
  if (!varianceOf(series)) return covariances;
  const count = series.length;
  const mean = meanOf(series)!;
  const deviations = Float64Array.from(series, (value) => value - mean);
  for (let lag = 0; lag <= lags; lag += 1) {
    let total = 0;
    for (let index = lag; index < count; index += 1) total += deviations[index - lag]! * deviations[index]!;
    covariances[lag] = total / count;
  }
  return covariances;
}
