import { demandCount, demandWithin } from './observations.ts';
import { type RandomSource, randomIndex } from './random-source.ts';

/**
 * Which observations make one resample: blocks that start anywhere and whose lengths are geometric with the given mean, joined
 * until there are as many as before; behind the last observation comes the first again. Keeps the dependence within a block.
 * Politis and Romano (1994), "The stationary bootstrap", section 2.
 * @param count observations in the series, at least 1
 * @param meanBlockLength in observations, at least 1; 1 is the plain bootstrap
 * @param into where to write them; `count` long
 * @returns `count` indices from 0 to count - 1
 * @throws statistics/out-of-range
 */
export function stationaryBootstrapIndices(
  count: number,
  meanBlockLength: number,
  random: RandomSource,
  into = new Int32Array(count),
): Int32Array {
  demandCount(count, 1, 2_147_483_647, 'the number of observations');
  demandWithin(meanBlockLength, 1, Number.MAX_VALUE, 'the mean block length');
  const endsHere = 1 / meanBlockLength;
  let at = randomIndex(random, count);
  into[0] = at;
  for (let index = 1; index < count; index += 1) {
    if (random.uniform() < endsHere) at = randomIndex(random, count);
    else at = at + 1 === count ? 0 : at + 1;
    into[index] = at;
  }
  return into;
}
