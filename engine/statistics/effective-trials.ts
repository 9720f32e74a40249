import { RatchetError } from '#engine/errors.ts';
import { correlationDistances } from './clustering/correlation-distance.ts';
import { optimalClusters } from './clustering/optimal-clusters.ts';
import { varianceOf } from './moments.ts';
import { demandAligned, demandCount, type Series } from './observations.ts';
import type { RandomSource } from './random-source.ts';
import { sharpeRatio } from './sharpe-ratio.ts';

/** Three matrices of N² doubles, 96 MB, and about half a minute: the bound on what one call takes. */
const MOST_SERIES = 2_000;
/** With so many observations or fewer every correlation is 1, -1 or nothing. */
const FEWEST_OBSERVATIONS = 3;

/** Trials that are one idea. */
export interface TrialCluster {
  /** Indices of the series, rising. */
  readonly members: readonly number[];
  /** Return of holding the members by the inverse of their variances: what the idea, as a whole, earned. */
  readonly returns: readonly number[];
  /** Of these returns, per observation; null where they do not vary. */
  readonly sharpe: number | null;
}

export interface EffectiveTrials {
  /** The effective number of trials: how many clusters there are. */
  readonly count: number;
  /** Of each series, the index of its cluster. */
  readonly labels: readonly number[];
  /** In the order of their first members. */
  readonly clusters: readonly TrialCluster[];
  /** Variance (n - 1) of the clusters' Sharpe ratios, as `deflatedSharpe` takes it; null below two clusters that have one. */
  readonly sharpeVariance: number | null;
}

export interface EffectiveTrialsOptions {
  readonly random: RandomSource;
  /** The most clusters looked for at one level; by default 100. */
  readonly maxClusters?: number;
  /** Starts of k-means for each number of clusters; by default 10 up to 100 series, 3 up to 500, then 1. */
  readonly starts?: number;
}

/**
 * How many independent trials many correlated ones amount to: series of returns are clustered by correlation (`optimalClusters`) and
 * each cluster is one trial. López de Prado and Lewis (2019), "Detection of false investment strategies using unsupervised
 * learning methods". Hand in daily returns: nothing is gained from more observations.
 *
 * A count that is too low is possible: series that have nothing in common have no clusters to be found, and few come out. It stands
 * beside the raw number, and whoever deflates by them takes the harsher of the two.
 *
 * Series that do not vary (nothing was ever traded) have no correlation: together they are one more cluster, without a Sharpe ratio.
 * Takes N²·T/2 + N³/2 steps for the distances, and about 3·N² for each k and start.
 * @param series N series of returns over the same T times, at most 2,000
 * @returns null without a series or below three observations
 * @throws statistics/too-many-series, statistics/not-finite, statistics/lengths-differ, statistics/out-of-range
 */
export function effectiveTrials(series: readonly Series[], options: EffectiveTrialsOptions): EffectiveTrials | null {
  if (series.length > MOST_SERIES) {
    throw new RatchetError(
      'statistics/too-many-series',
      `${series.length} series are more than the ${MOST_SERIES} that can be clustered at once.`,
      'Cluster the newest ones, and count each of the others as a trial of its own.',
      { series: series.length, most: MOST_SERIES },
    );
  }
  const { random, maxClusters = 100, starts = usualStarts(series.length) } = options;
  demandCount(maxClusters, 2, MOST_SERIES, 'the most clusters');
  demandCount(starts, 1, 1_000, 'the number of starts');
  if (demandAligned(series, 'the trials') < FEWEST_OBSERVATIONS) return null;
  const variances = series.map((one) => varianceOf(one)!);
  const varying = variances.flatMap((variance, index) => (variance > 0 ? [index] : []));
  const still = variances.flatMap((variance, index) => (variance > 0 ? [] : [index]));
  const distances = correlationDistances(varying.map((index) => series[index]!));
  const found = optimalClusters(distances, { random, maxClusters, starts }).map((members) => members.map((one) => varying[one]!));
  const clusters = [...found, ...(still.length > 0 ? [still] : [])]
    .sort((left, right) => left[0]! - right[0]!)
    .map((members) => clusterOf(members, series, variances));
  const labels = new Array<number>(series.length);
  for (const [label, { members }] of clusters.entries()) for (const member of members) labels[member] = label;
  const sharpes = clusters.flatMap(({ sharpe }) => (sharpe === null ? [] : [sharpe]));
  return { count: clusters.length, labels, clusters, sharpeVariance: varianceOf(sharpes) };
}

function usualStarts(series: number): number {
  if (series <= 100) return 10;
  return series <= 500 ? 3 : 1;
}

function clusterOf(members: readonly number[], series: readonly Series[], variances: readonly number[]): TrialCluster {
  // Members either all vary or none does; those that do not are held in equal parts.
  const weights = members.map((member) => (variances[member]! > 0 ? 1 / variances[member]! : 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const returns = Array.from({ length: series[0]!.length }, (_, time) =>
    members.reduce((sum, member, place) => sum + (weights[place]! / total) * series[member]![time]!, 0),
  );
  return { members, returns, sharpe: sharpeRatio(returns) };
}
