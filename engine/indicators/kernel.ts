import { isInteger } from '#engine/contract/intrinsics.ts';

// Bundled into the strategy realm: no Node imports here.

/** Bars an indicator takes in at a time at most. */
export const BLOCK_BARS = 256;

/** A run of bars: bar `i` of it, from 0, has its input at `inputAt + i` and its high and low at `at + i`. */
export class Block {
  input: Float64Array = new Float64Array(0);
  inputAt = 0;
  high: Float64Array = new Float64Array(0);
  low: Float64Array = new Float64Array(0);
  at = 0;
  count = 0;
}

/**
 * The arithmetic of one indicator, without allocation. NaN until enough bars have been seen.
 * `input` is the price or volume the indicator is of; `high` and `low` are the bar's, for those that need the whole bar.
 */
export interface Kernel {
  /** Takes in one bar. */
  push(input: number, high: number, low: number): number;
  /** Takes in a run of bars, as `push` would one after the other; the value after bar `i` goes to `out[i + 1]`. */
  run(block: Block, out: Float64Array): void;
}

export function requirePeriod(name: string, period: number, least = 1): number {
  if (!isInteger(period) || period < least || period > 100_000) {
    throw new RangeError(`${name} needs a whole number of bars from ${least} to 100,000, not ${String(period)}.`);
  }
  return period;
}
