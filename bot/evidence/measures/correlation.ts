import { meanOf, varianceOf } from '#engine/statistics/moments.ts';
import type { Series } from '#engine/statistics/observations.ts';

/** Through fewer points any line can be drawn. */
const LEAST_DAYS = 20;

/** Pearson's correlation of two series of the same days (Pearson 1895); null below 20 days or where one of them does not move. */
export function correlation(left: Series, right: Series): number | null {
  const days = left.length;
  const [leftMean, rightMean] = [meanOf(left), meanOf(right)];
  if (days < LEAST_DAYS || leftMean === null || rightMean === null || !varianceOf(left) || !varianceOf(right)) return null;
  let [products, leftSquares, rightSquares] = [0, 0, 0];
  for (let day = 0; day < days; day += 1) {
    const [a, b] = [left[day]! - leftMean, right[day]! - rightMean];
    products += a * b;
    leftSquares += a * a;
    rightSquares += b * b;
  }
  // Rounding must not make a series more like another than it is like itself.
  return Math.min(1, Math.max(-1, products / Math.sqrt(leftSquares * rightSquares)));
}
