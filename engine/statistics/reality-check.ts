import { automaticBlockLength } from './block-length.ts';
import { meanOf } from './moments.ts';
import { demandAligned, demandCount, demandWithin, type Series } from './observations.ts';
import type { RandomSource } from './random-source.ts';
import { resampledMeans } from './resampled-means.ts';

export interface MaximumTestOptions {
  readonly random: RandomSource;
  /** Mean block length in observations, at least 1; left out, the longest that Politis and White's rule finds for any series. */
  readonly blockLength?: number;
  /** How many resamples are drawn; 1,000 by default. */
  readonly resamples?: number;
}

export interface RealityCheck {
  /** √T times the best mean, in units of the series. */
  readonly statistic: number;
  /** Which series is the best. */
  readonly best: number;
  /** Chance of a best as good, were every one of them worth no more than the benchmark. */
  readonly pValue: number;
}

/**
 * Whether the best of N candidates beats the benchmark once it is remembered that it is the best of N: the largest √T·(mean
 * difference) is set against the largest √T·(resampled mean - mean). White (2000), "A reality check for data snooping"; the observed value counts as one of the resamples, so that p is never 0.
 *
 * Hopeless candidates make it blind, and it is not studentised: `superiorPredictiveAbility` mends both.
 * Takes resamples·N·T steps: a second for 500 candidates, 1,000 days and 1,000 resamples.
 * @param differences N series over the same T times: return of the candidate minus return of the benchmark, larger is better
 * @returns null without a candidate or below two observations
 * @throws statistics/not-finite, statistics/lengths-differ, statistics/out-of-range
 */
export function realityCheck(differences: readonly Series[], options: MaximumTestOptions): RealityCheck | null {
  const count = demandAligned(differences, 'the differences');
  const { random, blockLength, resamples } = settledTest(options, differences);
  if (count < 2) return null;
  const series = differences.map((one) => Float64Array.from(one));
  const means = series.map((one) => meanOf(one)!);
  const highest = means.reduce((most, mean) => Math.max(most, mean));
  let atLeast = 1;
  for (const drawn of resampledMeans(series, blockLength, resamples, random)) {
    let largest = Number.NEGATIVE_INFINITY;
    for (let which = 0; which < drawn.length; which += 1) largest = Math.max(largest, drawn[which]! - means[which]!);
    if (largest >= highest) atLeast += 1;
  }
  return { statistic: Math.sqrt(count) * highest, best: means.indexOf(highest), pValue: atLeast / (resamples + 1) };
}

/** Options with their defaults, within their bounds. */
export function settledTest(options: MaximumTestOptions, series: readonly Series[]): Required<MaximumTestOptions> {
  const { random, resamples = 1_000 } = options;
  const blockLength = options.blockLength ?? series.reduce((longest, one) => Math.max(longest, automaticBlockLength(one)), 1);
  demandWithin(blockLength, 1, Number.MAX_VALUE, 'the mean block length');
  demandCount(resamples, 1, 10_000_000, 'the number of resamples');
  return { random, blockLength, resamples };
}
