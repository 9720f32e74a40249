import type { BacktestResult } from '#engine/backtest/types.ts';
import { timeframeMs } from '#engine/candles/timeframe.ts';
import { planOf } from './design.ts';
import { comparisonsIn } from './grammar/traverse.ts';
import { treeDistance } from './grammar/tree-distance.ts';
import { wordsOf } from './grammar/words.ts';
import { returnCorrelation } from './return-correlation.ts';
import type { Trial } from './trial-book.ts';

const DAY_MS = 86_400_000;
/** Times the equity is turned over a year, and days a position is held: where one kind of trading ends and the next begins. */
const TURNOVERS = [50, 200];
const HORIZON_DAYS = [1, 5];
/** Novelty is the mean distance to so many neighbours (Lehman and Stanley 2011, equation 2). */
const NEIGHBOURS = 3;

/**
 * The best of every kind: MAP-Elites (Mouret and Clune 2015, figure 2). A kind is a style, read from the tree, by how often the equity
 * is turned over, by how long a position is held. Whoever breeds from it breeds from several ideas, not from the best one's cousins.
 */
export function elitesOf(trials: readonly Trial[]): readonly Trial[] {
  const cells = new Map<string, Trial>();
  for (const trial of trials) {
    if (trial.fitness === Number.NEGATIVE_INFINITY) continue;
    const cell = cellOf(trial);
    if (trial.fitness > (cells.get(cell)?.fitness ?? Number.NEGATIVE_INFINITY)) cells.set(cell, trial);
  }
  return [...cells.values()].toSorted((a, b) => b.fitness - a.fitness);
}

/** How far a trial stands from its nearest others, 0 to 1: the mean of how its tree differs and how its daily returns do. */
export function noveltyOf(trial: Trial, others: readonly Trial[]): number {
  const nearest = others
    .filter((other) => other !== trial)
    .map((other) => distanceBetween(trial, other))
    .toSorted((a, b) => a - b)
    .slice(0, NEIGHBOURS);
  return nearest.reduce((sum, distance) => sum + distance, 0) / Math.max(1, nearest.length);
}

function distanceBetween(one: Trial, other: Trial): number {
  const [a, b] = [one.configuration.blueprint, other.configuration.blueprint];
  const trees = a === undefined || b === undefined ? 0 : treeDistance(planOf(a), planOf(b));
  return (trees + (1 - Math.abs(returnCorrelation(one.result, other.result)))) / 2;
}

function cellOf({ configuration: { blueprint }, result }: Trial): string {
  const style = blueprint === undefined ? 'as written' : styleOf(blueprint);
  const base = blueprint === undefined ? null : timeframeMs(blueprint.timeframe);
  const held = base === null ? 0 : ((result.metrics.averageHoldBars ?? 0) * base) / DAY_MS;
  return [style, binOf(result.metrics.turnover / yearsOf(result), TURNOVERS), binOf(held, HORIZON_DAYS)].join(' ');
}

/** The style of the first comparison of the entry that is more than a filter. */
function styleOf(design: Parameters<typeof planOf>[0]): string {
  const { entry, timeframe } = planOf(design);
  const styles = comparisonsIn(entry).map((comparison) => wordsOf(comparison, timeframe).style);
  return styles.find((style) => style !== 'filter') ?? 'filter';
}

function yearsOf({ equity: { time } }: BacktestResult): number {
  return Math.max(1, (time.at(-1) ?? 0) - (time[0] ?? 0)) / (365 * DAY_MS);
}

function binOf(value: number, edges: readonly number[]): number {
  return edges.filter((edge) => value >= edge).length;
}
