import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { CandleColumns, Dataset } from '#engine/candles/types.ts';
import type { Timeframe } from '#engine/contract/types.ts';

/** A market's bars as the feed has them. */
export interface FeedSeries {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly columns: CandleColumns;
}

/** All base bars that close at one moment. */
export interface Instant {
  /** When they close, UTC milliseconds. */
  readonly time: number;
  /** Which bar of which series. */
  readonly bars: readonly { readonly series: FeedSeries; readonly index: number }[];
}

/** Plays stored candles as if they closed one after the other. It holds no clock: whoever asks for the next instant sets the pace. */
export class ReplayFeed {
  readonly series: readonly FeedSeries[];
  readonly #replayFrom: number;
  /** Index of the next bar of each series. */
  readonly #next: number[];

  constructor(series: readonly FeedSeries[], replayFrom: number) {
    this.series = series;
    this.#replayFrom = replayFrom;
    this.#next = this.series.map(() => 0);
    this.seek(null);
  }

  /** Goes to just after `time`, the close of the last instant taken in; null is the beginning of the replay. */
  seek(time: number | null): void {
    const after = time ?? this.#replayFrom;
    for (const [index, { columns, timeframe }] of this.series.entries()) {
      // The first bar that closes later: bars open on multiples of the timeframe.
      this.#next[index] = firstAfter(columns.time, after - timeframeMs(timeframe));
    }
  }

  /** The instant to come; null at the end of the data. Taking it is `next`. */
  peek(): Instant | null {
    let time = Number.POSITIVE_INFINITY;
    for (const [index, { columns, timeframe }] of this.series.entries()) {
      const open = columns.time[this.#next[index]!];
      if (open !== undefined) time = Math.min(time, open + timeframeMs(timeframe));
    }
    if (!Number.isFinite(time)) return null;
    const bars = this.series.flatMap((series, position) => {
      const index = this.#next[position]!;
      const open = series.columns.time[index];
      return open !== undefined && open + timeframeMs(series.timeframe) === time ? [{ series, index }] : [];
    });
    return { time, bars };
  }

  next(): Instant | null {
    const instant = this.peek();
    if (instant !== null) for (const { series } of instant.bars) this.#next[this.series.indexOf(series)]! += 1;
    return instant;
  }

  /** Close time of the last of the first `count` instants of the replay: until then an engine catches up. */
  timeOfInstant(count: number): number {
    if (count <= 0) return this.#replayFrom;
    const times = new Set<number>();
    for (const { columns, timeframe } of this.series) {
      const first = firstAfter(columns.time, this.#replayFrom - timeframeMs(timeframe));
      // No series needs more than `count` of its own bars.
      for (const open of columns.time.subarray(first, first + count)) times.add(open + timeframeMs(timeframe));
    }
    const sorted = [...times].sort((a, b) => a - b);
    return sorted[Math.min(count, sorted.length) - 1] ?? this.#replayFrom;
  }
}

/** @param columns by symbol, as `loadDataset` gives them */
export function feedSeries(dataset: Dataset, columns: ReadonlyMap<string, CandleColumns>): FeedSeries[] {
  return dataset.entries.map(({ symbol, timeframe }) => ({ symbol, timeframe, columns: columns.get(symbol)! }));
}

/** Index of the first value above `limit`. */
export function firstAfter(values: Float64Array, limit: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}
