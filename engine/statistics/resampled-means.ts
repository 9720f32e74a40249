import type { RandomSource } from './random-source.ts';
import { stationaryBootstrapIndices } from './stationary-bootstrap.ts';

/**
 * Mean of every series in each of many stationary-bootstrap resamples, the same resample for all of them. Handed out one resample
 * at a time, in one array that is written over: means of all resamples would not fit.
 */
export function* resampledMeans(
  series: readonly Float64Array[],
  blockLength: number,
  resamples: number,
  random: RandomSource,
): Generator<Float64Array> {
  const count = series[0]!.length;
  const indices = new Int32Array(count);
  const drawn = new Float64Array(count);
  const means = new Float64Array(series.length);
  for (let round = 0; round < resamples; round += 1) {
    stationaryBootstrapIndices(count, blockLength, random, indices);
    // How often each observation was drawn, once for all series: adding up then runs through memory in order.
    drawn.fill(0);
    for (let index = 0; index < count; index += 1) drawn[indices[index]!]! += 1;
    for (let which = 0; which < series.length; which += 1) {
      const values = series[which]!;
      let total = 0;
      for (let index = 0; index < count; index += 1) total += drawn[index]! * values[index]!;
      means[which] = total / count;
    }
    yield means;
  }
}
