import { normalQuantile } from './normal-distribution.ts';
import { demandCount, demandWithin } from './observations.ts';

/**
 * The interval of a share that was counted, `successes` of `trials`: the score interval (Wilson 1927, JASA 22), which stays inside
 * 0 and 1 and is honest for few trials. Without a trial it is everything.
 * @param confidence share of such intervals that hold the true share
 * @throws RatchetError statistics/out-of-range
 */
export function wilsonInterval(
  successes: number,
  trials: number,
  confidence = 0.95,
): { readonly low: number; readonly high: number } {
  demandCount(trials, 0, Number.MAX_SAFE_INTEGER, 'the number of trials');
  demandCount(successes, 0, trials, 'the number of successes');
  demandWithin(confidence, Number.MIN_VALUE, 1 - Number.EPSILON, 'the confidence');
  if (trials === 0) return { low: 0, high: 1 };
  const z = normalQuantile((1 + confidence) / 2);
  const share = successes / trials;
  const scale = 1 + (z * z) / trials;
  const centre = (share + (z * z) / (2 * trials)) / scale;
  const reach = (z * Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials * trials))) / scale;
  // At none and at all the bound is the share itself, which rounding misses by a bit.
  return { low: successes === 0 ? 0 : centre - reach, high: successes === trials ? 1 : centre + reach };
}
