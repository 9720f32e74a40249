import { deviationOf } from '#engine/statistics/moments.ts';
import type { Series } from '#engine/statistics/observations.ts';

// What a metric divides by. Plain sums in a fixed order, by index: arrays of either kind are read at the same pace.

export function sum(values: Series): number {
  let total = 0;
  for (let at = 0; at < values.length; at += 1) total += values[at]!;
  return total;
}

/** A deviation of ratios below this is what rounding leaves of values that do not differ. */
const ROUNDING = 1e-12;

/** Sample standard deviation (n - 1) of ratios; null below two values, and where nothing varies: nothing can be said per unit of it. */
export function spreadOf(values: Series): number | null {
  const deviation = deviationOf(values);
  return deviation === 0 ? null : deviation;
}

/** Root of the mean squared loss over all values, gains counting as zero; null below two values or where none lost. */
export function downsideDeviationOf(values: Series): number | null {
  if (values.length < 2) return null;
  let squares = 0;
  for (let at = 0; at < values.length; at += 1) if (values[at]! < 0) squares += values[at]! * values[at]!;
  const deviation = Math.sqrt(squares / values.length);
  return deviation > ROUNDING ? deviation : null;
}
