import { meanOf } from './moments.ts';
import { demandAligned, type Series } from './observations.ts';
import { type MaximumTestOptions, settledTest } from './reality-check.ts';
import { resampledMeans } from './resampled-means.ts';
import { stationaryBootstrapVariance } from './stationary-bootstrap-variance.ts';

export interface SuperiorPredictiveAbility {
  /** The best √T·mean over its standard error; 0 where no candidate is above the benchmark. */
  readonly statistic: number;
  /** Which series is the best, by that measure. */
  readonly best: number;
  /** The test to read: candidates that are significantly worse than the benchmark do not count against the others. */
  readonly consistent: number;
  /** At most the consistent one: as if every candidate below the benchmark were exactly as far below it as measured. */
  readonly lower: number;
  /** At least the consistent one: as if every candidate were as good as the benchmark, which is White's assumption. */
  readonly upper: number;
}

/**
 * Hansen's test for superior predictive ability: White's Reality Check, studentised, and not blinded by hopeless candidates.
 * Statistic max(0, √T·d̄/ω), with ω² the exact variance of the stationary bootstrap; resampled means are centred by g(d̄): max(0, d̄)
 * for the lower p-value, d̄ where d̄ ≥ -ω·√(2·ln ln T / T) and 0 below it for the consistent one, d̄ for the upper one.
 * Hansen (2005), "A test for superior predictive ability"; the observed value counts as one of the resamples.
 *
 * A series that does not vary has no standard error and takes no part. Takes resamples·N·T steps, and N·T² once.
 * @param differences N series over the same T times: return of the candidate minus return of the benchmark, larger is better
 * @returns null below three observations (ln ln T) or where no series varies
 * @throws statistics/not-finite, statistics/lengths-differ, statistics/out-of-range
 */
export function superiorPredictiveAbility(
  differences: readonly Series[],
  options: MaximumTestOptions,
): SuperiorPredictiveAbility | null {
  const count = demandAligned(differences, 'the differences');
  const { random, blockLength, resamples } = settledTest(options, differences);
  if (count < 3) return null;
  const root = Math.sqrt(count);
  const candidates = differences
    .map((one, which) => {
      const series = Float64Array.from(one);
      return { which, series, mean: meanOf(series)!, error: Math.sqrt(stationaryBootstrapVariance(series, blockLength)!) / root };
    })
    .filter(({ error }) => error > 0);
  if (candidates.length === 0) return null;
  const scores = candidates.map(({ mean, error }) => mean / error);
  const highest = scores.reduce((most, score) => Math.max(most, score));
  const statistic = Math.max(0, highest);
  const hopeless = -Math.sqrt(2 * Math.log(Math.log(count)));
  const atLeast = { consistent: 1, lower: 1, upper: 1 };
  const drawnMeans = resampledMeans(
    candidates.map(({ series }) => series),
    blockLength,
    resamples,
    random,
  );
  for (const drawn of drawnMeans) {
    let [consistent, lower, upper] = [0, 0, 0];
    for (let index = 0; index < drawn.length; index += 1) {
      const { mean, error } = candidates[index]!;
      const score = drawn[index]! / error;
      const centred = (drawn[index]! - mean) / error;
      upper = Math.max(upper, centred);
      lower = Math.max(lower, scores[index]! > 0 ? centred : score);
      consistent = Math.max(consistent, scores[index]! >= hopeless ? centred : score);
    }
    if (consistent >= statistic) atLeast.consistent += 1;
    if (lower >= statistic) atLeast.lower += 1;
    if (upper >= statistic) atLeast.upper += 1;
  }
  return {
    statistic,
    best: candidates[scores.indexOf(highest)]!.which,
    consistent: atLeast.consistent / (resamples + 1),
    lower: atLeast.lower / (resamples + 1),
    upper: atLeast.upper / (resamples + 1),
  };
}
