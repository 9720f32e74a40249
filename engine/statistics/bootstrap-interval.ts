import { automaticBlockLength } from './block-length.ts';
import { demandCount, demandFinite, demandWithin, type Series } from './observations.ts';
import { quantileOf } from './quantile.ts';
import type { RandomSource } from './random-source.ts';
import { stationaryBootstrapIndices } from './stationary-bootstrap.ts';

/** A number made of a series; null where such a series leaves nothing to say. */
export type Statistic = (series: Float64Array) => number | null;

export interface BootstrapOptions {
  readonly random: RandomSource;
  /** How many resamples are drawn; 2,000, the default, steadies the ends of a 95 % interval to about two per cent of its length. */
  readonly resamples?: number;
  /** Share of the resamples within the interval, in (0, 1); 0.95 by default. */
  readonly confidence?: number;
  /** Mean block length in observations, at least 1; left out, it is found by Politis and White's rule. */
  readonly blockLength?: number;
}

/** A number with the range in which it moves when history is drawn again. */
export interface BootstrapInterval {
  /** The statistic of the series itself. */
  readonly point: number;
  readonly low: number;
  readonly high: number;
  /** As a ratio. */
  readonly confidence: number;
  /** Mean block length used, in observations. */
  readonly blockLength: number;
  /** Resamples whose statistic there was; those without one are left out. */
  readonly resamples: number;
}

/**
 * Percentile interval of any statistic under the stationary bootstrap (Efron 1979; Politis and Romano 1994). The statistics ready
 * for it are `sharpeRatio`, `totalReturn` and `maximumDrawdown`.
 * @returns null below two observations, where the series itself has no such statistic, or where half of the resamples have none
 * @throws statistics/not-finite, statistics/out-of-range
 */
export function bootstrapInterval(series: Series, statistic: Statistic, options: BootstrapOptions): BootstrapInterval | null {
  demandFinite(series, 'the series');
  const { random, resamples, confidence, blockLength } = settled(options, series);
  const original = Float64Array.from(series);
  const point = original.length < 2 ? null : statistic(original);
  if (point === null) return null;
  const sample = new Float64Array(original.length);
  const indices = new Int32Array(original.length);
  const values: number[] = [];
  for (let round = 0; round < resamples; round += 1) {
    stationaryBootstrapIndices(original.length, blockLength, random, indices);
    drawInto(sample, original, indices);
    const value = statistic(sample);
    if (value !== null) values.push(value);
  }
  return values.length * 2 <= resamples ? null : { point, ...percentiles(values, confidence), blockLength };
}

/** Options with their defaults, within their bounds. `series` decides on the block length where none is given. */
export function settled(options: BootstrapOptions, series: Series): Required<BootstrapOptions> {
  const { random, resamples = 2_000, confidence = 0.95, blockLength = automaticBlockLength(series) } = options;
  demandCount(resamples, 1, 10_000_000, 'the number of resamples');
  demandWithin(confidence, Number.EPSILON, 1 - Number.EPSILON, 'the confidence');
  demandWithin(blockLength, 1, Number.MAX_VALUE, 'the mean block length');
  return { random, resamples, confidence, blockLength };
}

export function drawInto(sample: Float64Array, original: Float64Array, indices: Int32Array): void {
  for (let index = 0; index < indices.length; index += 1) sample[index] = original[indices[index]!]!;
}

export function percentiles(values: readonly number[], confidence: number) {
  const outside = (1 - confidence) / 2;
  return {
    low: quantileOf(values, outside)!,
    high: quantileOf(values, 1 - outside)!,
    confidence,
    resamples: values.length,
  };
}
