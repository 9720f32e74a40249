import { sumsByCluster } from './k-means.ts';
import type { SquareMatrix } from './square-matrix.ts';

/** A spread of silhouettes below this is rounding; it keeps a quality finite. */
const LEAST_SPREAD = 1e-6;

/**
 * How much nearer each point is to its own cluster than to the next one: (b - a) / max(a, b), a the mean distance to the others of
 * its cluster, b the least mean distance to another cluster; 0 for a point alone. Rousseeuw (1987), "Silhouettes".
 * @param distances Euclidean, not squared, n × n
 * @param labels from 0 to clusters - 1, none of them empty
 */
export function silhouettes(distances: SquareMatrix, labels: Int32Array, clusters: number): Float64Array {
  const sums = sumsByCluster(distances, labels, clusters);
  const counts = new Int32Array(clusters);
  for (const label of labels) counts[label]! += 1;
  const size = labels.length;
  const outside = new Float64Array(size).fill(Number.POSITIVE_INFINITY);
  for (const [cluster, count] of counts.entries()) {
    for (let point = 0; point < size; point += 1) {
      if (labels[point] !== cluster) outside[point] = Math.min(outside[point]!, sums[cluster * size + point]! / count);
    }
  }
  return outside.map((next, point) => {
    const own = labels[point]!;
    if (counts[own] === 1 || next === Number.POSITIVE_INFINITY) return 0;
    const inside = sums[own * size + point]! / (counts[own]! - 1);
    const larger = Math.max(inside, next);
    return larger > 0 ? (next - inside) / larger : 0;
  });
}

/**
 * Mean of silhouettes over their deviation (n): the higher, the better and the more evenly are points clustered.
 * López de Prado and Lewis (2019).
 */
export function qualityOf(values: ArrayLike<number>): number {
  let mean = 0;
  for (let index = 0; index < values.length; index += 1) mean += values[index]! / values.length;
  let variance = 0;
  for (let index = 0; index < values.length; index += 1)
    variance += ((values[index]! - mean) * (values[index]! - mean)) / values.length;
  return mean / Math.max(Math.sqrt(variance), LEAST_SPREAD);
}
