import { sumsByCluster } from './k-means.ts';
import type { SquareMatrix } from './square-matrix.ts';

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
