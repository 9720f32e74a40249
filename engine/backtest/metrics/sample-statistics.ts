// Plain sums in a fixed order: the same bytes on every Node. No Math.pow and no **, which differ in their last bit between versions.
// By index, so that arrays of either kind are read at the same pace.

export type Values = ArrayLike<number>;

export function sum(values: Values): number {
  let total = 0;
  for (let at = 0; at < values.length; at += 1) total += values[at]!;
  return total;
}

/** A deviation of ratios below this is what rounding leaves of values that do not differ. */
const ROUNDING = 1e-12;

/** Null of nothing. */
export function meanOf(values: Values): number | null {
  return values.length === 0 ? null : sum(values) / values.length;
}

/** Sample standard deviation (n - 1) of ratios; null below two values or where nothing varies. */
export function deviationOf(values: Values): number | null {
  if (values.length < 2) return null;
  const centre = sum(values) / values.length;
  let squares = 0;
  for (let at = 0; at < values.length; at += 1) squares += (values[at]! - centre) * (values[at]! - centre);
  const deviation = Math.sqrt(squares / (values.length - 1));
  return deviation > ROUNDING ? deviation : null;
}

/** Root of the mean squared loss over all values, gains counting as zero; null below two values or where none lost. */
export function downsideDeviationOf(values: Values): number | null {
  if (values.length < 2) return null;
  let squares = 0;
  for (let at = 0; at < values.length; at += 1) if (values[at]! < 0) squares += values[at]! * values[at]!;
  const deviation = Math.sqrt(squares / values.length);
  return deviation > ROUNDING ? deviation : null;
}

/** Quantile by linear interpolation between order statistics (Hyndman and Fan 1996, type 7); null of nothing. */
export function quantileOf(values: Values, share: number): number | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
}
