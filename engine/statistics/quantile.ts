import { demandWithin, type Series } from './observations.ts';

/**
 * Quantile by linear interpolation between order statistics (Hyndman and Fan 1996, type 7); null of nothing.
 * @param share in [0, 1]: 0.5 is the median
 * @throws statistics/out-of-range
 */
export function quantileOf(series: Series, share: number): number | null {
  demandWithin(share, 0, 1, 'the share of a quantile');
  if (series.length === 0) return null;
  const sorted = Float64Array.from(series).sort();
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
}
