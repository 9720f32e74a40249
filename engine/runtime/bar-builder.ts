import { Resampler } from '#engine/candles/resampler.ts';
import { dividesTimeframe, timeframeMs } from '#engine/candles/timeframe.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import { RatchetError } from '#engine/errors.ts';
import type { FeedSeries, Instant } from '#engine/feeds/feed.ts';
import type { ClosedBar } from '#engine/simulation/types.ts';

/** Bars of a strategy's own timeframe that open together. */
export interface BarGroup {
  /** Open time, UTC milliseconds. */
  readonly time: number;
  /** In the order in which the strategy declares its symbols. */
  readonly bars: readonly ClosedBar[];
}

interface Source {
  readonly symbol: string;
  /** Null when the feed has the strategy's timeframe itself. */
  readonly resampler: Resampler | null;
}

/** Builds one strategy's bars from the feed's, with the resampler that every other place uses. */
export class BarBuilder {
  readonly #sources: readonly Source[];
  readonly #barMs: number;

  /** @throws RatchetError `engine/no-feed` when a symbol is not in the feed, or only in bars too coarse */
  constructor(series: readonly FeedSeries[], symbols: readonly string[], timeframe: Timeframe) {
    this.#barMs = timeframeMs(timeframe);
    this.#sources = symbols.map((symbol) => {
      const found = series.find((candidate) => candidate.symbol === symbol);
      if (found === undefined || !dividesTimeframe(found.timeframe, timeframe)) throw noFeed(symbol, timeframe, series);
      const resampler = found.timeframe === timeframe ? null : new Resampler(found.timeframe, timeframe);
      return { symbol, resampler };
    });
  }

  /** Takes in what closed at one instant; gives the strategy's bars that are known to be closed by then, oldest first. */
  push(instant: Instant): BarGroup[] {
    const closed: ClosedBar[] = [];
    for (const { symbol, resampler } of this.#sources) {
      const found = instant.bars.find((bar) => bar.symbol === symbol);
      if (resampler === null) {
        if (found !== undefined) closed.push(found);
        continue;
      }
      if (found !== undefined) {
        const { time, open, high, low, close, volume } = found;
        if (resampler.closesBefore(time)) closed.push(barOf(symbol, resampler));
        if (resampler.add(time, open, high, low, close, volume)) closed.push(barOf(symbol, resampler));
      }
      // A bucket whose last base bar never came is over when the clock says so, not when trading resumes.
      if (resampler.closesBefore(instant.time)) closed.push(barOf(symbol, resampler));
    }
    // A bar without volume is a bar in which nothing traded: it is no bar.
    return grouped(closed.filter(({ volume }) => volume > 0));
  }

  /** Length of the strategy's bars. */
  get barMs(): number {
    return this.#barMs;
  }
}

function grouped(bars: readonly ClosedBar[]): BarGroup[] {
  const times = [...new Set(bars.map(({ time }) => time))].sort((a, b) => a - b);
  return times.map((time) => ({ time, bars: bars.filter((bar) => bar.time === time) }));
}

function barOf(symbol: string, { time, open, high, low, close, volume }: Resampler): ClosedBar {
  return { symbol, time, open, high, low, close, volume };
}

function noFeed(symbol: string, timeframe: Timeframe, series: readonly FeedSeries[]): RatchetError {
  const offered = series.map((item) => `${item.symbol} ${item.timeframe}`).join(', ');
  return new RatchetError(
    'engine/no-feed',
    `The strategy wants ${symbol} ${timeframe}; the feed has ${offered}.`,
    'Trade what the workspace holds candles of, or make a workspace with these.',
    { symbol, timeframe },
  );
}
