import { isInteger } from '#engine/contract/intrinsics.ts';
// Bundled into the strategy realm: no Node imports here.

/**
 * The arithmetic of one indicator, one bar at a time, without allocation. NaN until enough bars have been seen.
 * `input` is the price or volume the indicator is of; `high` and `low` are the bar's, for those that need the whole bar.
 */
export interface Kernel {
  push(input: number, high: number, low: number): number;
}

export function requirePeriod(name: string, period: number, least = 1): number {
  if (!isInteger(period) || period < least || period > 100_000) {
    throw new RangeError(`${name} needs a whole number of bars from ${least} to 100,000, not ${String(period)}.`);
  }
  return period;
}
