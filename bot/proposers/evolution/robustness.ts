import type { ParameterRanges } from '#engine/contract/types.ts';
import { structureOf, type Values } from './configuration.ts';
import { quantile } from './fitness.ts';
import type { Trial } from './trial-book.ts';

/** How far apart, in shares of each parameter's range, two configurations may be and still be neighbours. */
const NEIGHBOURHOOD = 0.15;
const NEIGHBOURS = 6;

/**
 * Fitness that a lucky point does not keep: the mean of its own and of the median of its nearest tried neighbours, and never
 * more than its own. Without neighbours it is its own.
 */
export function robustFitness(trial: Trial, all: readonly Trial[], ranges: ParameterRanges): number {
  const neighbours = neighboursOf(trial, all, ranges).map(({ fitness }) => fitness);
  if (neighbours.length === 0) return trial.fitness;
  return Math.min(trial.fitness, (trial.fitness + quantile(neighbours, 0.5)) / 2);
}

/** The nearest that were tried of the same structure, the nearest first. */
export function neighboursOf(trial: Trial, all: readonly Trial[], ranges: ParameterRanges): readonly Trial[] {
  const structure = structureOf(trial.configuration.blueprint);
  return all
    .filter((other) => other !== trial && structureOf(other.configuration.blueprint) === structure)
    .map((other) => ({ other, distance: distanceBetween(trial.configuration.values, other.configuration.values, ranges) }))
    .filter(({ distance }) => distance <= NEIGHBOURHOOD)
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, NEIGHBOURS)
    .map(({ other }) => other);
}

/** The largest difference in any parameter, as a share of its range. */
function distanceBetween(a: Values, b: Values, ranges: ParameterRanges): number {
  const differences = Object.entries(ranges).map(([name, { min, max }]) =>
    max === min ? 0 : Math.abs(a[name]! - b[name]!) / (max - min),
  );
  return Math.max(0, ...differences);
}
