import { autocovariancesOf } from './autocovariance.ts';
import { demandFinite, type Series } from './observations.ts';

/**
 * The mean block length with which the stationary bootstrap estimates the variance of a mean best: (2·G²/D)^⅓·n^⅓, with
 * G = Σ λ(k/M)·|k|·R(k) and D = 2·(Σ λ(k/M)·R(k))², λ the flat-top window and M twice the first lag of a run of negligible
 * correlations (the authors' own program takes the run's first lag, where the text takes the one before). Politis and White (2004), "Automatic block-length selection for the dependent bootstrap", with the D of
 * the correction by Patton, Politis and White (2009).
 * @returns in observations, from 1 to min(3·√n, n/3) rounded up; 1 where the series is short or does not vary
 * @throws statistics/not-finite
 */
export function automaticBlockLength(series: Series): number {
  demandFinite(series, 'the series');
  const count = series.length;
  const quiet = Math.max(5, Math.floor(Math.log10(count)));
  const longest = Math.ceil(Math.sqrt(count)) + quiet;
  if (count <= longest) return 1; // fewer observations than lags to look at
  const covariances = autocovariancesOf(series, longest);
  if (covariances[0] === 0) return 1;
  const window = Math.min(2 * firstQuietLag(covariances, count, quiet), longest);
  let slope = 0;
  let spectrum = covariances[0]!;
  for (let lag = 1; lag <= window; lag += 1) {
    const share = lag / window;
    const weighted = 2 * (share <= 0.5 ? 1 : 2 * (1 - share)) * covariances[lag]!;
    slope += weighted * lag;
    spectrum += weighted;
  }
  const most = Math.ceil(Math.min(3 * Math.sqrt(count), count / 3));
  const length = Math.cbrt(((slope * slope) / (spectrum * spectrum)) * count);
  // The window may make the spectrum vanish: then dependence is all there is, and the longest block is right.
  return Number.isFinite(length) ? Math.min(Math.max(1, length), most) : most;
}

/** Where the first run of `quiet` correlations below 2·√(log₁₀ n / n) starts; the last lag looked at when none does. */
function firstQuietLag(covariances: Float64Array, count: number, quiet: number): number {
  const negligible = 2 * Math.sqrt(Math.log10(count) / count) * covariances[0]!;
  let start = 1;
  for (let lag = 1; lag < covariances.length; lag += 1) {
    if (Math.abs(covariances[lag]!) >= negligible) start = lag + 1;
    else if (lag - start + 1 === quiet) return start;
  }
  return covariances.length - 1;
}
