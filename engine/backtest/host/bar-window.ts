import type { CandleColumns } from '#engine/candles/types.ts';
import type { Bar } from '#engine/contract/types.ts';

// Bundled into the strategy realm: no Node imports here.

/** Bars kept at least when the window grows by single bars. */
const LIVE_ROOM_BARS = 4096;

/**
 * The closed bars of one symbol up to `at`. A backtest reads the dataset's own columns, so that taking in a bar is one step of an index;
 * a live run appends to columns of its own. Views reach back from `at` and never forward: there is no index for the future.
 */
export class BarWindow {
  time: Float64Array = new Float64Array(0);
  open: Float64Array = new Float64Array(0);
  high: Float64Array = new Float64Array(0);
  low: Float64Array = new Float64Array(0);
  close: Float64Array = new Float64Array(0);
  volume: Float64Array = new Float64Array(0);
  /** How far back a strategy may look. */
  readonly reach: number;
  /** Index of the newest closed bar; below 0 before the first. */
  at = -1;
  /** How many bars the columns hold; beyond lies room for more, or nothing. */
  end = 0;
  /** What `at` is short of the number of bars taken in. */
  #ahead = 1;

  constructor(reach: number) {
    this.reach = reach;
  }

  /** Bars taken in so far. */
  get count(): number {
    return this.at + this.#ahead;
  }

  /** Reads from these columns from now on; the bar at `at` is the newest. Bars taken in before keep counting. */
  attach(columns: CandleColumns, at: number): void {
    this.#ahead += this.at - at;
    this.time = columns.time;
    this.open = columns.open;
    this.high = columns.high;
    this.low = columns.low;
    this.close = columns.close;
    this.volume = columns.volume;
    this.at = at;
    this.end = columns.time.length;
  }

  /** Copies the reachable past into columns with room for more, and goes on from there. */
  detach(): void {
    const kept = Math.min(this.at + 1, this.reach + 1);
    const from = this.at + 1 - kept;
    const room = (column: Float64Array): Float64Array => {
      const grown = new Float64Array(kept + this.reach + LIVE_ROOM_BARS);
      grown.set(column.subarray(from, from + kept));
      return grown;
    };
    const { time, open, high, low, close, volume } = this;
    const columns = {
      time: room(time),
      open: room(open),
      high: room(high),
      low: room(low),
      close: room(close),
      volume: room(volume),
    };
    this.attach(columns, kept - 1);
    this.end = kept;
  }

  /** Puts one bar behind the newest, where `host.advance` finds it. Only after `detach`. */
  append(time: number, open: number, high: number, low: number, close: number, volume: number): void {
    if (this.at + 1 === this.time.length) this.detach();
    const next = this.at + 1;
    this.time[next] = time;
    this.open[next] = open;
    this.high[next] = high;
    this.low[next] = low;
    this.close[next] = close;
    this.volume[next] = volume;
    this.end = next + 1;
  }
}

/** The bar a fixed number of bars back, read through the window: one object for all time, so reading allocates nothing. */
export class BarView implements Bar {
  readonly #window: BarWindow;
  readonly #barsAgo: number;

  constructor(window: BarWindow, barsAgo: number) {
    this.#window = window;
    this.#barsAgo = barsAgo;
    Object.freeze(this);
  }

  get time(): number {
    return this.#window.time[this.#window.at - this.#barsAgo]!;
  }

  get open(): number {
    return this.#window.open[this.#window.at - this.#barsAgo]!;
  }

  get high(): number {
    return this.#window.high[this.#window.at - this.#barsAgo]!;
  }

  get low(): number {
    return this.#window.low[this.#window.at - this.#barsAgo]!;
  }

  get close(): number {
    return this.#window.close[this.#window.at - this.#barsAgo]!;
  }

  get volume(): number {
    return this.#window.volume[this.#window.at - this.#barsAgo]!;
  }
}
