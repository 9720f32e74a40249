import { RandomStream } from '#engine/candles/random-stream.ts';
import { effectiveTrials, type TrialCluster } from '#engine/statistics/effective-trials.ts';
import { varianceOf } from '#engine/statistics/moments.ts';
import { sharpeRatio } from '#engine/statistics/sharpe-ratio.ts';
import type { NightReturns } from './return-series.ts';

/** As many series are clustered at once; it takes some two seconds. */
const SERIES_MAX = 600;
/** Nights that share a smaller part of the newest one's days cannot be compared with it. */
const SHARED_DAYS_MIN = 0.5;

export interface EffectiveNumber {
  /** How many ideas the trials amount to; at least 1 where there is a series. */
  readonly count: number;
  /** Variance (n - 1) of the ideas' Sharpe ratios, per day; null below two that have one. */
  readonly sharpeVariance: number | null;
}

/**
 * How many independent ideas all trials ever scored amount to, by clustering their daily returns (López de Prado and Lewis 2019).
 * A fixed function of the returns, so that whoever holds the ledger gets the same number.
 *
 * The trials of the newest nights go in one by one, on the days they share. Once there are 600, each older night goes in as its own
 * ideas: the clusters of that night alone, each as one series. A night that shares less than half of the newest one's days, and
 * what no longer fits in, cannot be compared: its ideas are counted on top, which can only make the number larger.
 * @param nights oldest first; their order is part of the answer
 * @param seriesMax for tests
 */
export function effectiveNumber(nights: readonly NightReturns[], seriesMax = SERIES_MAX): EffectiveNumber {
  const newest = nights.at(-1);
  if (newest === undefined) return { count: 0, sharpeVariance: null };
  const together: NightReturns[] = [];
  const apart: TrialCluster[] = [];
  let room = seriesMax;
  let isFull = false;
  for (const night of nights.toReversed()) {
    isFull ||= night.series.length > room;
    const ideas = isFull ? ideasOf(night) : null;
    const series = ideas === null ? night.series : ideas.map(({ returns }) => Float64Array.from(returns));
    if (series.length <= room && sharedDays(night, newest) >= SHARED_DAYS_MIN * newest.days) {
      room -= series.length;
      together.push({ ...night, series });
    } else {
      apart.push(...(ideas ?? ideasOf(night)));
    }
  }
  const shared = ideasOf(onSharedDays(together));
  const ideas = [...shared, ...apart];
  return { count: ideas.length, sharpeVariance: varianceOf(ideas.flatMap(({ sharpe }) => (sharpe === null ? [] : [sharpe]))) };
}

/** Variance (n - 1) of the Sharpe ratios, per day, of all trials ever scored; null below two that have one. */
export function sharpeVarianceOf(nights: readonly NightReturns[]): number | null {
  const sharpes = nights.flatMap(({ series }) => series.map((one) => sharpeRatio(one)));
  return varianceOf(sharpes.filter((sharpe) => sharpe !== null));
}

function ideasOf({ series, firstDay }: Pick<NightReturns, 'series' | 'firstDay'>): readonly TrialCluster[] {
  // Seeded by nothing but the data: every reader of the ledger draws the same starts.
  const found = effectiveTrials(series, { random: new RandomStream(firstDay, `trials of ${series.length}`) });
  // Too few days to compare anything: every series is an idea of its own.
  return found?.clusters ?? series.map((one, index) => ({ members: [index], returns: [...one], sharpe: null }));
}

function onSharedDays(nights: readonly NightReturns[]): Pick<NightReturns, 'series' | 'firstDay'> {
  const from = Math.max(...nights.map(({ firstDay }) => firstDay));
  const to = Math.min(...nights.map(({ firstDay, days }) => firstDay + days));
  const series = nights.flatMap(({ firstDay, series }) => series.map((one) => one.subarray(from - firstDay, to - firstDay)));
  return { firstDay: from, series };
}

function sharedDays(one: NightReturns, other: NightReturns): number {
  const from = Math.max(one.firstDay, other.firstDay);
  const to = Math.min(one.firstDay + one.days, other.firstDay + other.days);
  return Math.max(0, to - from);
}
