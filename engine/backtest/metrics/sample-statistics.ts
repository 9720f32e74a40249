// Plain sums in a fixed order: the same bytes on every Node. No Math.pow and no **, which differ in their last bit between versions.

export function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** A deviation of ratios below this is what rounding leaves of values that do not differ. */
const ROUNDING = 1e-12;

/** Null of nothing. */
export function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : sum(values) / values.length;
}

/** Sample standard deviation (n - 1) of ratios; null below two values or where nothing varies. */
export function deviationOf(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const centre = sum(values) / values.length;
  const variance = sum(values.map((value) => (value - centre) * (value - centre))) / (values.length - 1);
  const deviation = Math.sqrt(variance);
  return deviation > ROUNDING ? deviation : null;
}

/** Root of the mean squared loss over all values, gains counting as zero; null below two values or where none lost. */
export function downsideDeviationOf(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const squares = sum(values.map((value) => Math.min(0, value) * Math.min(0, value)));
  const deviation = Math.sqrt(squares / values.length);
  return deviation > ROUNDING ? deviation : null;
}

/** Quantile by linear interpolation between order statistics (Hyndman and Fan 1996, type 7); null of nothing. */
export function quantileOf(values: readonly number[], share: number): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((left, right) => left - right);
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
}
