import {
  type BootstrapInterval,
  type BootstrapOptions,
  drawInto,
  percentiles,
  type Statistic,
  settled,
} from './bootstrap-interval.ts';
import { demandAligned, type Series } from './observations.ts';
import { stationaryBootstrapIndices } from './stationary-bootstrap.ts';

export interface PairedBootstrapInterval extends BootstrapInterval {
  /** Share of the resamples in which the first series had the larger statistic; equal ones count half. */
  readonly shareAbove: number;
}

/**
 * Percentile interval of the difference `statistic(first) - statistic(second)` of two series observed at the same times. Both are
 * resampled with the same indices, so that what they have in common (the market's good and bad days) cancels in every resample.
 * Blocks drawn in pairs as in Ledoit and Wolf (2008), "Robust performance hypothesis testing with the Sharpe ratio", with the
 * stationary bootstrap in place of their circular one, and without their studentising.
 * The block length, where none is given, is that of the series of differences.
 * @returns null below two observations, where either has no such statistic, or where half of the resamples have none
 * @throws statistics/not-finite, statistics/lengths-differ, statistics/out-of-range
 */
export function pairedBootstrapInterval(
  first: Series,
  second: Series,
  statistic: Statistic,
  options: BootstrapOptions,
): PairedBootstrapInterval | null {
  const count = demandAligned([first, second], 'the pair');
  const [left, right] = [Float64Array.from(first), Float64Array.from(second)];
  const { random, resamples, confidence, blockLength } = settled(
    options,
    left.map((value, index) => value - right[index]!),
  );
  const difference = (one: Float64Array, other: Float64Array) => {
    const [mine, theirs] = [statistic(one), statistic(other)];
    return mine === null || theirs === null ? null : mine - theirs;
  };
  const point = count < 2 ? null : difference(left, right);
  if (point === null) return null;
  const [leftSample, rightSample] = [new Float64Array(count), new Float64Array(count)];
  const indices = new Int32Array(count);
  const values: number[] = [];
  let above = 0;
  for (let round = 0; round < resamples; round += 1) {
    stationaryBootstrapIndices(count, blockLength, random, indices);
    drawInto(leftSample, left, indices);
    drawInto(rightSample, right, indices);
    const value = difference(leftSample, rightSample);
    if (value === null) continue;
    values.push(value);
    above += value > 0 ? 1 : value === 0 ? 0.5 : 0;
  }
  if (values.length * 2 <= resamples) return null;
  return { point, ...percentiles(values, confidence), blockLength, shareAbove: above / values.length };
}
