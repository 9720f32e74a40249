import { type RandomSource, randomIndex } from '../random-source.ts';
import type { SquareMatrix } from './square-matrix.ts';

/** Far more rounds than it ever takes; a bound all the same. */
const MOST_ROUNDS = 100;
/** A squared distance below this is rounding: the points are one. */
const SAME_POINT = 1e-12;

/**
 * k-means (Lloyd 1982) seeded by k-means++ (Arthur and Vassilvitskii 2007), over points of which only the squared distances are
 * known: |x - centre(C)|² = Σ|x - y|²/|C| - ΣΣ|y - z|²/(2|C|²) over y, z in C. A round costs n·k steps and n for each point that
 * changes its cluster, whatever the dimension.
 * @param squares squared Euclidean distances, n × n
 * @param starts how often to begin; the clusters with the least inertia are kept
 * @returns the cluster of each point, 0 to k - 1, none of them empty; null where every start leaves one empty, which is certain when
 * fewer than k points differ
 */
export function kMeans(squares: SquareMatrix, clusters: number, starts: number, random: RandomSource): Int32Array | null {
  let best: Clustering | null = null;
  for (let start = 0; start < starts; start += 1) {
    const found = oneStart(squares, clusters, random);
    if (found !== null && (best === null || found.inertia < best.inertia)) best = found;
  }
  return best?.labels ?? null;
}

interface Clustering {
  readonly labels: Int32Array;
  /** Sum of squared distances of the points to the centre of their cluster. */
  readonly inertia: number;
}

function oneStart(squares: SquareMatrix, clusters: number, random: RandomSource): Clustering | null {
  const { size, values } = squares;
  const labels = seededLabels(squares, clusters, random);
  if (labels === null) return null;
  const counts = new Int32Array(clusters);
  for (const label of labels) counts[label]! += 1;
  const sums = sumsByCluster(squares, labels, clusters);
  const within = new Float64Array(clusters);
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    within.fill(0);
    for (let point = 0; point < size; point += 1) within[labels[point]!]! += sums[labels[point]! * size + point]!;
    const nearest = nearestClusters(sums, within, counts, labels);
    let hasMoved = false;
    for (let point = 0; point < size; point += 1) {
      const [from, to] = [labels[point]!, nearest[point]!];
      if (from === to) continue;
      hasMoved = true;
      labels[point] = to;
      counts[from]! -= 1;
      counts[to]! += 1;
      for (let other = 0; other < size; other += 1) {
        const square = values[point * size + other]!;
        sums[from * size + other]! -= square;
        sums[to * size + other]! += square;
      }
    }
    if (counts.includes(0)) return null;
    if (!hasMoved) break;
  }
  return { labels, inertia: within.reduce((total, sum, cluster) => total + sum / (2 * counts[cluster]!), 0) };
}

/**
 * Each point with the nearest of k of them, chosen far apart: of a few drawn by their squared distance to those chosen before, the
 * one that brings all points nearest is taken (greedy k-means++, ibid.). Null where no k points differ.
 */
function seededLabels({ size, values }: SquareMatrix, clusters: number, random: RandomSource): Int32Array | null {
  const draws = 2 + Math.floor(Math.log(clusters));
  const first = randomIndex(random, size);
  const nearest = values.slice(first * size, (first + 1) * size);
  const labels = new Int32Array(size);
  for (let cluster = 1; cluster < clusters; cluster += 1) {
    const total = nearest.reduce((sum, square) => sum + square, 0);
    if (total < SAME_POINT) return null;
    let [best, least] = [-1, Number.POSITIVE_INFINITY];
    for (let draw = 0; draw < draws; draw += 1) {
      const candidate = drawByWeight(nearest, total, random);
      let left = 0;
      for (let point = 0; point < size; point += 1) left += Math.min(nearest[point]!, values[candidate * size + point]!);
      if (left < least) [best, least] = [candidate, left];
    }
    for (let point = 0; point < size; point += 1) {
      const square = values[best * size + point]!;
      if (square >= nearest[point]!) continue;
      nearest[point] = square;
      labels[point] = cluster;
    }
  }
  return labels;
}

function drawByWeight(weights: Float64Array, total: number, random: RandomSource): number {
  let left = random.uniform() * total;
  let last = 0;
  for (let index = 0; index < weights.length; index += 1) {
    if (weights[index] === 0) continue;
    last = index;
    left -= weights[index]!;
    if (left <= 0) break;
  }
  return last;
}

/** Sums of a symmetric matrix of distances, by the cluster of one of the two: of cluster c and point i at c·n + i. Takes n² steps. */
export function sumsByCluster({ size, values }: SquareMatrix, labels: Int32Array, clusters: number): Float64Array {
  const sums = new Float64Array(size * clusters);
  for (let member = 0; member < size; member += 1) {
    const [at, row] = [labels[member]! * size, member * size];
    for (let point = 0; point < size; point += 1) sums[at + point]! += values[row + point]!;
  }
  return sums;
}

/** A point leaves its cluster only for one that is nearer by more than rounding, so that rounds come to an end. */
function nearestClusters(sums: Float64Array, within: Float64Array, counts: Int32Array, labels: Int32Array): Int32Array {
  const size = labels.length;
  const nearest = labels.slice();
  const least = Float64Array.from(labels, (own, point) => {
    return sums[own * size + point]! / counts[own]! - within[own]! / (2 * counts[own]! * counts[own]!) - SAME_POINT;
  });
  for (const [cluster, count] of counts.entries()) {
    const spread = within[cluster]! / (2 * count * count);
    for (let point = 0; point < size; point += 1) {
      const square = sums[cluster * size + point]! / count - spread;
      if (square >= least[point]!) continue;
      least[point] = square;
      nearest[point] = cluster;
    }
  }
  return nearest;
}
