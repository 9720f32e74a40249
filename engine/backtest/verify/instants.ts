import { firstIndexFrom } from '#engine/candles/candle-columns.ts';
import type { CandleColumns, Span } from '#engine/candles/types.ts';
import type { ClosedBar } from '#engine/simulation/types.ts';
import { tradedBars } from '../traded-bars.ts';

/** All bars that open, and close, at one time. */
export interface Instant {
  /** Open time, UTC milliseconds. */
  readonly time: number;
  readonly bars: readonly ClosedBar[];
}

/** Leads through columns in strict order of time, handing out copies of single bars. */
export class Instants {
  readonly #symbols: readonly string[];
  readonly #series: readonly CandleColumns[];
  readonly #at: number[];
  readonly #to: number;

  constructor(symbols: readonly string[], series: readonly CandleColumns[], span: Span) {
    this.#symbols = symbols;
    this.#series = series.map(tradedBars);
    this.#at = this.#series.map(({ time }) => firstIndexFrom(time, span.from));
    this.#to = span.to;
  }

  next(): Instant | null {
    const time = Math.min(...this.#series.map((series, index) => series.time[this.#at[index]!] ?? Number.POSITIVE_INFINITY));
    if (!(time < this.#to)) return null;
    const bars: ClosedBar[] = [];
    this.#series.forEach((series, index) => {
      const at = this.#at[index]!;
      if (series.time[at] !== time) return;
      this.#at[index] = at + 1;
      bars.push({
        symbol: this.#symbols[index]!,
        time,
        open: series.open[at]!,
        high: series.high[at]!,
        low: series.low[at]!,
        close: series.close[at]!,
        volume: series.volume[at]!,
      });
    });
    return { time, bars };
  }

  /** The bars before those still to come, by symbol. */
  history(): Map<string, CandleColumns> {
    return new Map(
      this.#series.map((series, index) => {
        const end = this.#at[index]!;
        const past = (column: Float64Array): Float64Array => column.slice(0, end);
        const { time, open, high, low, close, volume } = series;
        return [
          this.#symbols[index]!,
          { time: past(time), open: past(open), high: past(high), low: past(low), close: past(close), volume: past(volume) },
        ];
      }),
    );
  }
}
