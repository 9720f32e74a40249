import type { Timeframe } from '#engine/contract/types.ts';
import { timeframeMs } from './timeframe.ts';
import type { CandleColumns } from './types.ts';

/** What is unusual in a sound series. Shown at import; none of it is an error. */
export interface SeriesQuality {
  readonly bars: number;
  /** Bars absent between the first and the last. */
  readonly missing: number;
  /** Holes in the series. */
  readonly gaps: number;
  /** Of the longest hole, in bars, and the open time of the first bar missing there; 0 and null without a hole. */
  readonly longestGap: number;
  readonly longestGapTime: number | null;
  readonly duplicates: number;
  readonly zeroVolume: number;
  /** Bars without a price change: open = high = low = close. */
  readonly flat: number;
  /** Outliers: closes of adjacent bars (no hole between) further apart than {@link jumpThreshold}. */
  readonly jumps: number;
  /** The largest distance between the closes of adjacent bars, as a ratio of the smaller one; 0.1 is ten per cent. */
  readonly maxMove: number;
  readonly maxMoveTime: number | null;
  /** Bars with a wick longer than {@link jumpThreshold}, as a ratio of the nearer end of the body (above) or of the low (below). */
  readonly longWicks: number;
}

const jumpThresholds: Readonly<Record<Timeframe, number>> = {
  '1m': 0.03,
  '5m': 0.05,
  '15m': 0.08,
  '30m': 0.09,
  '1h': 0.1,
  '4h': 0.15,
  '1d': 0.25,
};

/** Ratio by which neighbouring closes must differ to count as an outlier. */
export function jumpThreshold(timeframe: Timeframe): number {
  return jumpThresholds[timeframe];
}

/** One pass over a series whose bars are sound and rising. */
export function inspectColumns(columns: CandleColumns, timeframe: Timeframe): SeriesQuality {
  const threshold = jumpThreshold(timeframe);
  return {
    ...inspectGaps(columns.time, timeframeMs(timeframe)),
    ...inspectBars(columns, threshold),
    ...inspectMoves(columns, timeframeMs(timeframe), threshold),
  };
}

function inspectGaps(time: Float64Array, stepMs: number) {
  let missing = 0;
  let gaps = 0;
  let duplicates = 0;
  let longestGap = 0;
  let longestGapTime: number | null = null;
  for (let index = 1; index < time.length; index += 1) {
    const previous = time[index - 1]!;
    const hole = (time[index]! - previous) / stepMs - 1;
    if (hole < 0) duplicates += 1;
    if (hole <= 0) continue;
    gaps += 1;
    missing += hole;
    if (hole <= longestGap) continue;
    longestGap = hole;
    longestGapTime = previous + stepMs;
  }
  return { bars: time.length, missing, gaps, longestGap, longestGapTime, duplicates };
}

function inspectBars({ open, high, low, close, volume }: CandleColumns, threshold: number) {
  let zeroVolume = 0;
  let flat = 0;
  let longWicks = 0;
  for (let index = 0; index < open.length; index += 1) {
    const top = Math.max(open[index]!, close[index]!);
    const bottom = Math.min(open[index]!, close[index]!);
    if (volume[index] === 0) zeroVolume += 1;
    if (high[index] === low[index]) flat += 1;
    if (distance(top, high[index]!) > threshold || distance(low[index]!, bottom) > threshold) longWicks += 1;
  }
  return { zeroVolume, flat, longWicks };
}

function inspectMoves({ time, close }: CandleColumns, stepMs: number, threshold: number) {
  let jumps = 0;
  let maxMove = 0;
  let maxMoveTime: number | null = null;
  for (let index = 1; index < time.length; index += 1) {
    const isAdjacent = time[index]! - time[index - 1]! === stepMs;
    const move = isAdjacent ? distance(close[index - 1]!, close[index]!) : 0;
    if (move > maxMove) {
      maxMove = move;
      maxMoveTime = time[index]!;
    }
    if (move > threshold) jumps += 1;
  }
  return { jumps, maxMove, maxMoveTime };
}

/** How far apart two prices are, as a ratio of the smaller one: a fall and the rise that undoes it are equal. */
function distance(a: number, b: number): number {
  return a > b ? a / b - 1 : b / a - 1;
}
