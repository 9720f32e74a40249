import { RandomStream } from '#engine/candles/random-stream.ts';
import { effectiveTrials } from '#engine/statistics/effective-trials.ts';
import { meanOf, varianceOf } from '#engine/statistics/moments.ts';
import { sharpeRatio } from '#engine/statistics/sharpe-ratio.ts';
import type { NightReturns } from './return-series.ts';

/** As many series are clustered at once; it takes a few seconds. */
const SERIES_MAX = 600;
/** What shares a smaller part of the newest night's days cannot be compared with it. */
const SHARED_DAYS_MIN = 0.5;
/** An older night's idea that correlates with a known one by so much is that one. */
const SAME_IDEA = 0.9;

/** A night's trials with the ideas they amount to within that night. */
export interface NightIdeas extends NightReturns {
  /** Of each series, the number of its idea; where nobody has written them down they are made when they are needed. */
  readonly ideas?: readonly number[];
}

export interface EffectiveNumber {
  /** How many ideas the trials amount to; at least 1 where there is a series. */
  readonly count: number;
  /** Variance (n - 1) of the ideas' Sharpe ratios, per day; null below two that have one. */
  readonly sharpeVariance: number | null;
}

/** An idea as the portfolio of its trials. */
interface Idea {
  readonly firstDay: number;
  readonly returns: Float64Array;
  /** Per day; null where the returns do not vary. */
  readonly sharpe: number | null;
}

/**
 * Which trials of a night are one idea, by clustering their daily returns (López de Prado and Lewis 2019). A fixed function of the
 * returns: it is written into the ledger when the search ends, and whoever holds the ledger can make it again.
 * Series that are equal to the last digit are one from the start; silhouettes would take each such pair for a cluster.
 */
export function ideasOf({ firstDay, series }: Pick<NightReturns, 'firstDay' | 'series'>): readonly number[] {
  const keys = series.map((one) => one.join(' '));
  const different = [...new Set(keys)];
  const distinct = different.map((key) => series[keys.indexOf(key)]!);
  // Seeded by nothing but the data: every reader of the ledger draws the same starts.
  const found = effectiveTrials(distinct, { random: new RandomStream(firstDay, `trials of ${distinct.length}`) });
  // Too few days to compare anything: every series is an idea of its own.
  const labels = found?.labels ?? distinct.map((_, index) => index);
  return keys.map((key) => labels[different.indexOf(key)]!);
}

/**
 * How many independent ideas all trials ever scored amount to. The newest nights are clustered together, 600 series of them at
 * most, on the days they share. Of every older night the ideas it had by itself are taken, each as one portfolio, and counted on top
 * unless one that is counted already correlates with it by 0.9 or more; what shares less than half of the newest night's days cannot
 * be compared, and is counted. Where it errs, the number is too large rather than too small.
 * @param nights oldest first; their order is part of the answer
 * @param seriesMax for tests
 */
export function effectiveNumber(nights: readonly NightIdeas[], seriesMax = SERIES_MAX): EffectiveNumber {
  const newest = nights.at(-1);
  if (newest === undefined) return { count: 0, sharpeVariance: null };
  const together = newestNights(nights, seriesMax);
  const ideas = portfoliosOf(onSharedDays(together));
  const known = ideas.flatMap((idea) => shapeOn(newest, idea) ?? []);
  for (const night of nights.slice(0, nights.length - together.length).reverse()) {
    for (const idea of portfoliosOf(night)) {
      const shape = shapeOn(newest, idea);
      if (shape !== null && known.some((other) => correlation(other, shape) >= SAME_IDEA)) continue;
      ideas.push(idea);
      if (shape !== null) known.push(shape);
    }
  }
  return { count: ideas.length, sharpeVariance: varianceOf(ideas.flatMap(({ sharpe }) => (sharpe === null ? [] : [sharpe]))) };
}

/** Variance (n - 1) of the Sharpe ratios, per day, of all trials ever scored; null below two that have one. */
export function sharpeVarianceOf(nights: readonly NightReturns[]): number | null {
  const sharpes = nights.flatMap(({ series }) => series.map((one) => sharpeRatio(one)));
  return varianceOf(sharpes.filter((sharpe) => sharpe !== null));
}

/** The newest night always, and those before it for as long as they fit in and share its days. */
function newestNights(nights: readonly NightIdeas[], seriesMax: number): readonly NightIdeas[] {
  const newest = nights.at(-1)!;
  const taken = [newest];
  let room = seriesMax - newest.series.length;
  for (const night of nights.slice(0, -1).reverse()) {
    room -= night.series.length;
    if (room < 0 || sharedDays(night, newest) < SHARED_DAYS_MIN * newest.days) break;
    taken.push(night);
  }
  return taken.reverse();
}

function onSharedDays(nights: readonly NightReturns[]): Pick<NightReturns, 'series' | 'firstDay'> {
  const from = Math.max(...nights.map(({ firstDay }) => firstDay));
  const to = Math.min(...nights.map(({ firstDay, days }) => firstDay + days));
  const series = nights.flatMap(({ firstDay, series }) => series.map((one) => one.subarray(from - firstDay, to - firstDay)));
  return { firstDay: from, series };
}

/** Each idea as its trials held by the inverses of their variances, as the clustering itself does. */
function portfoliosOf(night: Pick<NightIdeas, 'firstDay' | 'series' | 'ideas'>): Idea[] {
  const { firstDay, series, ideas = ideasOf(night) } = night;
  return [...new Set(ideas)].map((idea) => {
    const members = series.filter((_, index) => ideas[index] === idea);
    const weights = members.map((one) => 1 / (varianceOf(one) || 1));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const returns = new Float64Array(members[0]!.length);
    for (const [index, one] of members.entries())
      for (let day = 0; day < returns.length; day += 1) returns[day]! += (weights[index]! / total) * one[day]!;
    return { firstDay, returns, sharpe: sharpeRatio(returns) };
  });
}

/** The idea on the newest night's days, centred and of length 1, 0 where it has no day; null where it cannot be compared. */
function shapeOn(newest: NightReturns, { firstDay, returns, sharpe }: Idea): Float64Array | null {
  if (sharpe === null || sharedDays({ firstDay, days: returns.length }, newest) < SHARED_DAYS_MIN * newest.days) return null;
  const shape = new Float64Array(newest.days);
  const shift = newest.firstDay - firstDay;
  const from = Math.max(0, -shift);
  const to = Math.min(newest.days, returns.length - shift);
  const mean = meanOf(returns.subarray(from + shift, to + shift))!;
  let square = 0;
  for (let day = from; day < to; day += 1) {
    shape[day] = returns[day + shift]! - mean;
    square += shape[day]! * shape[day]!;
  }
  return square > 0 ? shape.map((value) => value / Math.sqrt(square)) : null;
}

/** Of two shapes. Days that only one of them has count as no agreement. */
function correlation(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let day = 0; day < one.length; day += 1) sum += one[day]! * other[day]!;
  return sum;
}

type Days = Pick<NightReturns, 'firstDay' | 'days'>;

function sharedDays(one: Days, other: Days): number {
  const from = Math.max(one.firstDay, other.firstDay);
  return Math.max(0, Math.min(one.firstDay + one.days, other.firstDay + other.days) - from);
}
