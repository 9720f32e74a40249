import { autocovariancesOf } from './autocovariance.ts';
import { demandFinite, demandWithin, type Series } from './observations.ts';

/**
 * What the variance of √n·(mean of a stationary-bootstrap resample) comes to without resampling: R(0) + 2·Σ b(k)·R(k) over
 * k = 1 … n - 1, with b(k) = (1 - k/n)·(1 - p)ᵏ + (k/n)·(1 - p)ⁿ⁻ᵏ and R(k) the autocovariance over n.
 * Politis and Romano (1994), "The stationary bootstrap", lemma 1.
 * @param meanBlockLength 1/p, in observations, at least 1
 * @returns in squared units of the series, 0 where it does not vary; null of nothing
 * @throws statistics/not-finite, statistics/out-of-range
 */
export function stationaryBootstrapVariance(series: Series, meanBlockLength: number): number | null {
  demandFinite(series, 'the series');
  demandWithin(meanBlockLength, 1, Number.MAX_VALUE, 'the mean block length');
  const count = series.length;
  if (count === 0) return null;
  const covariances = autocovariancesOf(series, count - 1);
  const goesOn = 1 - 1 / meanBlockLength;
  const powers = new Float64Array(count + 1).fill(1);
  for (let lag = 1; lag <= count; lag += 1) powers[lag] = powers[lag - 1]! * goesOn;
  let variance = covariances[0]!;
  for (let lag = 1; lag < count; lag += 1) {
    const weight = (1 - lag / count) * powers[lag]! + (lag / count) * powers[count - lag]!;
    variance += 2 * weight * covariances[lag]!;
  }
  return Math.max(0, variance);
}
