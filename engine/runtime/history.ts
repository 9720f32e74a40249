import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import type { FeedSeries, Instant } from '#engine/feeds/feed.ts';
import { ReplayFeed, StoredSeries } from '#engine/feeds/replay-feed.ts';
import type { ClosedBar } from '#engine/simulation/types.ts';
import { BarBuilder } from './bar-builder.ts';

export interface HistoryRequest {
  readonly series: readonly FeedSeries[];
  readonly symbols: readonly string[];
  readonly timeframe: Timeframe;
  /** Every bar that closed after this is given. */
  readonly since: number;
  /** And so many before it, of each symbol, where there are that many. */
  readonly barsBefore: number;
  /** Up to and including bars that closed then. */
  readonly until: number;
}

export interface History {
  /** By symbol, oldest first. */
  readonly columns: ReadonlyMap<string, CandleColumns>;
  /** Stands at `until`, half-built bars included: it goes on with the next instant. */
  readonly builder: BarBuilder;
}

/** A strategy's past bars, built from the feed's by the very code that will build the next one. */
export function readHistory(request: HistoryRequest): History {
  const { series, symbols, since, barsBefore } = request;
  const barMs = timeframeMs(request.timeframe);
  const own = series.filter(({ symbol }) => symbols.includes(symbol));
  const oldest = Math.min(...own.map((one) => one.oldest));
  for (let reach = barsBefore; ; reach = reach * 2 + 1) {
    // A multiple of the bar: every bucket is entered at its start.
    const from = Math.floor(since / barMs - reach) * barMs;
    const { bars, builder } = readFrom(request, from);
    const isEnough = symbols.every((symbol) => {
      const count = bars.get(symbol)!.filter(({ time }) => time + barMs <= since).length;
      return count >= barsBefore;
    });
    if (isEnough || from <= oldest)
      return { columns: new Map([...bars].map(([symbol, list]) => [symbol, columnsOf(list)])), builder };
  }
}

/** A builder in the middle of things, as if it had been fed since the beginning. */
export function builderAt(
  series: readonly FeedSeries[],
  symbols: readonly string[],
  timeframe: Timeframe,
  until: number,
): BarBuilder {
  return readHistory({ series, symbols, timeframe, since: until, barsBefore: 0, until }).builder;
}

function readFrom({ series, symbols, timeframe, until }: HistoryRequest, from: number) {
  const builder = new BarBuilder(series, symbols, timeframe);
  const bars = new Map<string, ClosedBar[]>(symbols.map((symbol) => [symbol, []]));
  const take = (instant: Instant) => {
    for (const group of builder.push(instant)) for (const bar of group.bars) bars.get(bar.symbol)!.push(bar);
  };
  const own = series.filter(({ symbol }) => symbols.includes(symbol));
  const feed = new ReplayFeed(
    own.map((one) => new StoredSeries(one.symbol, one.timeframe, one.since(from))),
    from,
  );
  for (let instant = feed.next(); instant !== null && instant.time <= until; instant = feed.next()) take(instant);
  // Time went on to `until`, by other markets' bars or by none: what ended by then has been decided on and is not to come again.
  take({ time: until, bars: [], ages: [], missing: [] });
  return { bars, builder };
}

function columnsOf(bars: readonly ClosedBar[]): CandleColumns {
  const column = (value: (bar: ClosedBar) => number) => Float64Array.from(bars, value);
  return {
    time: column((bar) => bar.time),
    open: column((bar) => bar.open),
    high: column((bar) => bar.high),
    low: column((bar) => bar.low),
    close: column((bar) => bar.close),
    volume: column((bar) => bar.volume),
  };
}
