import type { BacktestResult, EquityCurve } from '#engine/backtest/types.ts';

/** Development time is judged in this many equal parts, so that one lucky month cannot carry a year. */
const FOLDS = 6;
/** Fewer trades than this say nothing; such a configuration is never proposed. */
export const MIN_TRADES = 30;
/** With this many trades half of a gain is believed: a gain from few trades is mostly luck, a loss is a loss. */
const HALF_BELIEVED_TRADES = 50;
/** What one point of the worst drawdown costs, in points of a typical fold's return. */
const DRAWDOWN_PRICE = 0.05;
/** What every change must earn in a typical fold (log return) to be worth a reviewer's attention. */
const PRICE_PER_CHANGE = 0.0005;

/**
 * How well a configuration did on the development data: a low-to-middling fold's log return after costs, less a price for
 * drawdown and for every change made to the incumbent. Robust rather than best: the mean of the median and the lower
 * quartile, so a good fold cannot pay for bad ones, and a gain is believed only as far as there are trades behind it. Too
 * few trades to judge give -Infinity.
 */
export function fitness(result: BacktestResult, changes: number): number {
  if (result.metrics.trades < MIN_TRADES) return Number.NEGATIVE_INFINITY;
  const folds = foldReturns(result.equity);
  const typical = (quantile(folds, 0.5) + quantile(folds, 0.25)) / 2;
  const { trades } = result.metrics;
  const believed = typical > 0 ? (typical * trades) / (trades + HALF_BELIEVED_TRADES) : typical;
  return believed - DRAWDOWN_PRICE * result.metrics.maxDrawdown - PRICE_PER_CHANGE * changes;
}

/** Log returns of equal parts of the equity curve; fewer parts when the curve has fewer points. A lost account gives -Infinity. */
export function foldReturns({ value }: EquityCurve): number[] {
  const steps = value.length - 1;
  const folds = Math.min(FOLDS, steps);
  if (folds < 1) return [0];
  return Array.from({ length: folds }, (_, fold) => {
    const start = value[Math.floor((fold * steps) / folds)]!;
    const end = value[Math.floor(((fold + 1) * steps) / folds)]!;
    return start > 0 && end > 0 ? Math.log(end / start) : Number.NEGATIVE_INFINITY;
  });
}

/** Linear interpolation between order statistics (Hyndman and Fan 1996, type 7). */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)]!;
  const above = sorted[Math.ceil(position)]!;
  if (below === above || below === Number.NEGATIVE_INFINITY) return below;
  return below + (above - below) * (position - Math.floor(position));
}
