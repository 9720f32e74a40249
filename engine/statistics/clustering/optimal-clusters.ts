import { meanOf } from '../moments.ts';
import type { RandomSource } from '../random-source.ts';
import { squaredRowDistances } from './correlation-distance.ts';
import { kMeans } from './k-means.ts';
import { silhouettes } from './silhouettes.ts';
import { type SquareMatrix, submatrix } from './square-matrix.ts';

/** Two series nearer than this (a correlation above 0.999998) are one, tried twice. */
const SAME_SERIES = 1e-3;

export interface ClusterSearch {
  readonly random: RandomSource;
  /** The most clusters looked for at one level. */
  readonly maxClusters: number;
  /** Starts of k-means for each number of clusters. */
  readonly starts: number;
}

/**
 * The optimal number of clusters: k-means on the rows of the distance matrix for every k, the best silhouettes win; clusters whose
 * silhouettes are below the mean of clusters are thrown together and clustered anew by the same rule, and the outcome is kept if the
 * silhouettes of those points have risen. After López de Prado and Lewis (2019), "Detection of false investment strategies using
 * unsupervised learning methods" (ONC), with one change: they divide mean silhouettes by their deviation, which rewards few lumps
 * of evenly middling points. With 8 families of 4 at a correlation of 0.9 beside 8 families of 8 at 0.35, theirs finds 2 clusters,
 * the mean finds the 16; on families that are all alike both find every one. And of several starts of k-means the tightest clusters
 * are judged, so that the outcome hangs on the seed as little as can be.
 *
 * One series is one cluster; two are two unless they are the same. Silhouettes cannot tell whether many series are one cluster: only
 * series that do not differ at all come out as one, a single family comes out as several.
 * @param distances correlation distances, n × n
 * @returns members of each cluster, rising, in the order of their first member
 */
export function optimalClusters(distances: SquareMatrix, search: ClusterSearch): number[][] {
  const { size, values } = distances;
  const all = Array.from({ length: size }, (_, index) => index);
  if (size < 2) return all.map((one) => [one]);
  if (size === 2) return values[1]! < SAME_SERIES ? [all] : [[0], [1]];
  const squares = squaredRowDistances(distances);
  const apart: SquareMatrix = { size, values: squares.values.map(Math.sqrt) };
  const first = bestClusters(squares, apart, search);
  if (first === null) return [all];
  const before = silhouettesOf(first, apart);
  const qualities = first.map((members) => meanAt(before, members));
  const weak = first.filter((_, index) => qualities[index]! < meanOf(qualities)!);
  if (weak.length === 0 || weak.length === first.length) return inOrder(first);
  const again = weak.flat().sort((left, right) => left - right);
  const remade = optimalClusters(submatrix(distances, again), search).map((members) => members.map((index) => again[index]!));
  const second = [...first.filter((members) => !weak.includes(members)), ...remade];
  return inOrder(meanAt(silhouettesOf(second, apart), again) > meanAt(before, again) ? second : first);
}

/** Null where the points do not differ. */
function bestClusters(
  squares: SquareMatrix,
  apart: SquareMatrix,
  { random, maxClusters, starts }: ClusterSearch,
): number[][] | null {
  let best: Int32Array | null = null;
  let highest = Number.NEGATIVE_INFINITY;
  for (let clusters = 2; clusters <= Math.min(maxClusters, squares.size - 1); clusters += 1) {
    const labels = kMeans(squares, clusters, starts, random);
    if (labels === null) continue;
    const quality = meanOf(silhouettes(apart, labels, clusters))!;
    if (quality <= highest) continue;
    highest = quality;
    best = labels;
  }
  return best && membersOf(best);
}

function silhouettesOf(clusters: readonly (readonly number[])[], apart: SquareMatrix): Float64Array {
  const labels = new Int32Array(apart.size);
  for (const [label, members] of clusters.entries()) for (const member of members) labels[member] = label;
  return silhouettes(apart, labels, clusters.length);
}

function meanAt(values: Float64Array, points: readonly number[]): number {
  return meanOf(points.map((point) => values[point]!))!;
}

function membersOf(labels: Int32Array): number[][] {
  const clusters: number[][] = [];
  for (const [point, label] of labels.entries()) {
    clusters[label] ??= [];
    clusters[label].push(point);
  }
  return clusters;
}

function inOrder(clusters: readonly (readonly number[])[]): number[][] {
  return clusters.map((members) => [...members].sort((left, right) => left - right)).sort((left, right) => left[0]! - right[0]!);
}
