import { firstIndexFrom, sliceColumns } from '#engine/candles/candle-columns.ts';
import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { CandleColumns, Dataset } from '#engine/candles/types.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import type { ClosedBar } from '#engine/simulation/types.ts';
import type { Feed, FeedSeries, Instant } from './feed.ts';

const noneMissing: readonly string[] = [];

/** Bars that are all known already. */
export class StoredSeries implements FeedSeries {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly columns: CandleColumns;

  constructor(symbol: string, timeframe: Timeframe, columns: CandleColumns) {
    this.symbol = symbol;
    this.timeframe = timeframe;
    this.columns = columns;
  }

  get oldest(): number {
    return this.columns.time[0] ?? Number.POSITIVE_INFINITY;
  }

  since(time: number): CandleColumns {
    return sliceColumns(this.columns, firstIndexFrom(this.columns.time, time), this.columns.time.length);
  }
}

/** Plays stored candles as if they closed one after the other. It holds no clock: whoever asks for the next instant sets the pace. */
export class ReplayFeed implements Feed {
  readonly series: readonly StoredSeries[];
  readonly isLive = false;
  readonly #replayFrom: number;
  /** Index of the next bar of each series. */
  readonly #next: number[];
  readonly #barMs: readonly number[];

  constructor(series: readonly StoredSeries[], replayFrom: number) {
    this.series = series;
    this.#replayFrom = replayFrom;
    this.#next = this.series.map(() => 0);
    this.#barMs = this.series.map(({ timeframe }) => timeframeMs(timeframe));
    this.seek(null);
  }

  seek(time: number | null): void {
    const after = time ?? this.#replayFrom;
    for (const [index, { columns, timeframe }] of this.series.entries()) {
      // The first bar that closes later: bars open on multiples of the timeframe.
      this.#next[index] = firstAfter(columns.time, after - timeframeMs(timeframe));
    }
  }

  peek(): Instant | null {
    const time = this.#nextClose();
    return time === Number.POSITIVE_INFINITY ? null : this.#instantAt(time, false);
  }

  next(): Instant | null {
    const time = this.#nextClose();
    return time === Number.POSITIVE_INFINITY ? null : this.#instantAt(time, true);
  }

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

  /** Close of the next bar; infinite at the end. Plain loops: histories of a million instants are read through here. */
  #nextClose(): number {
    let time = Number.POSITIVE_INFINITY;
    for (let position = 0; position < this.series.length; position += 1) {
      const open = this.series[position]!.columns.time[this.#next[position]!];
      if (open !== undefined) time = Math.min(time, open + this.#barMs[position]!);
    }
    return time;
  }

  #instantAt(time: number, isTaken: boolean): Instant {
    const bars: ClosedBar[] = [];
    const ages: number[] = [];
    for (let position = 0; position < this.series.length; position += 1) {
      const series = this.series[position]!;
      const index = this.#next[position]!;
      const open = series.columns.time[index];
      if (open === undefined || open + this.#barMs[position]! !== time) continue;
      bars.push(barAt(series, index));
      ages.push(0);
      if (isTaken) this.#next[position] = index + 1;
    }
    return { time, bars, ages, missing: noneMissing };
  }

  /** Nothing ever arrives that was not there before. */
  onNews(): () => void {
    return () => {};
  }

  health(): null {
    return null;
  }

  async close(): Promise<void> {}
}

/** @param columns by symbol, as `loadDataset` gives them */
export function storedSeries(dataset: Dataset, columns: ReadonlyMap<string, CandleColumns>): StoredSeries[] {
  return dataset.entries.map(({ symbol, timeframe }) => new StoredSeries(symbol, timeframe, columns.get(symbol)!));
}

function barAt({ symbol, columns }: StoredSeries, index: number): ClosedBar {
  return {
    symbol,
    time: columns.time[index]!,
    open: columns.open[index]!,
    high: columns.high[index]!,
    low: columns.low[index]!,
    close: columns.close[index]!,
    volume: columns.volume[index]!,
  };
}

/** Index of the first value above `limit`. */
function firstAfter(values: Float64Array, limit: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}
