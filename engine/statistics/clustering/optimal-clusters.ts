import type { RandomSource } from '../random-source.ts';
import { squaredRowDistances } from './correlation-distance.ts';
import { kMeans } from './k-means.ts';
import { qualityOf, silhouettes } from './silhouettes.ts';
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
 * The optimal number of clusters: k-means for every k, the one with the best silhouette quality wins; clusters whose own quality is
 * below the mean are thrown together and clustered anew, and the outcome is kept if the mean quality of all clusters has risen.
 * López de Prado and Lewis (2019), "Detection of false investment strategies using unsupervised learning methods" (ONC).
 *
 * One series is one cluster; two are two unless they are the same. Silhouettes cannot tell whether many series are one cluster:
 * only series that do not differ at all come out as one.
 * @param distances correlation distances, n × n
 * @returns members of each cluster, in rising order of their first member
 */
export function optimalClusters(distances: SquareMatrix, search: ClusterSearch): number[][] {
  const { size, values } = distances;
  const all = Array.from({ length: size }, (_, index) => index);
  if (size < 2) return all.map((one) => [one]);
  if (size === 2) return values[1]! < SAME_SERIES ? [all] : [[0], [1]];
  const squares = squaredRowDistances(distances);
  const apart: SquareMatrix = { size, values: squares.values.map(Math.sqrt) };
  const labels = bestLabels(squares, apart, search);
  if (labels === null) return [all];
  const first = qualifiedClusters(membersOf(labels), apart);
  const mean = meanQuality(first);
  const weak = first.filter(({ quality }) => quality < mean);
  if (weak.length < 2) return inOrder(first.map(({ members }) => members));
  const again = weak.flatMap(({ members }) => members).sort((left, right) => left - right);
  const remade = optimalClusters(submatrix(distances, again), search).map((members) => members.map((index) => again[index]!));
  const second = qualifiedClusters(
    [...first.filter((one) => !weak.includes(one)).map(({ members }) => members), ...remade],
    apart,
  );
  return inOrder((meanQuality(second) > mean ? second : first).map(({ members }) => members));
}

function bestLabels(
  squares: SquareMatrix,
  apart: SquareMatrix,
  { random, maxClusters, starts }: ClusterSearch,
): Int32Array | null {
  let best: Int32Array | null = null;
  let highest = Number.NEGATIVE_INFINITY;
  for (let start = 0; start < starts; start += 1) {
    for (let clusters = 2; clusters <= Math.min(maxClusters, squares.size - 1); clusters += 1) {
      const labels = kMeans(squares, clusters, random);
      if (labels === null) continue;
      const quality = qualityOf(silhouettes(apart, labels, clusters));
      if (quality <= highest) continue;
      highest = quality;
      best = labels;
    }
  }
  return best;
}

interface QualifiedCluster {
  readonly members: readonly number[];
  readonly quality: number;
}

/** Quality of each cluster by the silhouettes of its members among all points. */
function qualifiedClusters(clusters: readonly (readonly number[])[], apart: SquareMatrix): QualifiedCluster[] {
  const labels = new Int32Array(apart.size);
  for (const [label, members] of clusters.entries()) for (const member of members) labels[member] = label;
  const values = silhouettes(apart, labels, clusters.length);
  return clusters.map((members) => ({ members, quality: qualityOf(members.map((member) => values[member]!)) }));
}

function meanQuality(clusters: readonly QualifiedCluster[]): number {
  return clusters.reduce((total, { quality }) => total + quality, 0) / clusters.length;
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
