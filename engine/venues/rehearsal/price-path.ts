import { concatColumns } from '#engine/candles/candle-columns.ts';
import type { CandleColumns } from '#engine/candles/types.ts';

/** A piece of the path. */
export interface PathBar {
  /** Open time. */
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

/**
 * A price for every millisecond, out of bars: from the open in straight lines to the nearer extreme (low first in a rising
 * bar, high first in a falling one), to the other, and to the close one millisecond before the bar ends. From a close to the
 * next open it jumps. Before the first bar it stands at its open, after the last at its close.
 */
export class PricePath {
  readonly barMs: number;
  #columns: CandleColumns;
  /** The four corners of the bar last looked at. */
  readonly #times = new Float64Array(4);
  readonly #prices = new Float64Array(4);
  #corner = -1;

  constructor(columns: CandleColumns, barMs: number) {
    this.#columns = columns;
    this.barMs = barMs;
  }

  get columns(): CandleColumns {
    return this.#columns;
  }

  get isEmpty(): boolean {
    return this.#columns.time.length === 0;
  }

  /** The end of the last bar. */
  get end(): number {
    const { time } = this.#columns;
    return time.length === 0 ? 0 : time[time.length - 1]! + this.barMs;
  }

  /** Bars that come after those there are. */
  extend(columns: CandleColumns): void {
    this.#columns = concatColumns(this.#columns, columns);
  }

  /** Index of the bar that opened last at or before `time`; -1 before the first. */
  indexAt(time: number): number {
    const times = this.#columns.time;
    let low = 0;
    let high = times.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (times[middle]! <= time) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  priceAt(time: number): number {
    const index = this.indexAt(time);
    if (index < 0) return this.#columns.open[0]!;
    this.#turnTo(index);
    for (let corner = 1; corner < 4; corner += 1) {
      if (time < this.#times[corner]!) return this.#between(corner, time);
    }
    return this.#prices[3]!;
  }

  /** The first whole millisecond from `from` on at which the price is at or below (`down`), at or above (`up`) `level`. */
  firstReach(from: number, direction: 'down' | 'up', level: number): number {
    const isReached = direction === 'down' ? (price: number) => price <= level : (price: number) => price >= level;
    if (isReached(this.priceAt(from))) return from;
    const { time, high, low } = this.#columns;
    for (let index = Math.max(0, this.indexAt(from)); index < time.length; index += 1) {
      if (!isReached(direction === 'down' ? low[index]! : high[index]!)) continue;
      const at = this.#reachWithin(index, from, isReached, level);
      if (at !== null) return at;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** What the price did from `start` up to `end` (exclusive), as one bar of any length; null where there are no bars. */
  between(start: number, end: number): PathBar | null {
    const { time, open, high, low, close, volume } = this.#columns;
    let bar: { time: number; open: number; high: number; low: number; close: number; volume: number } | null = null;
    for (let index = Math.max(0, this.indexAt(start)); index < time.length && time[index]! < end; index += 1) {
      const opens = time[index]!;
      const from = Math.max(start, opens);
      const to = Math.min(end, opens + this.barMs);
      if (from >= to) continue;
      const isWhole = from === opens && to === opens + this.barMs;
      const piece = isWhole
        ? { open: open[index]!, high: high[index]!, low: low[index]!, close: close[index]!, volume: volume[index]! }
        : this.#pieceOf(index, from, to);
      if (bar === null) bar = { time: start, ...piece };
      else {
        bar.high = Math.max(bar.high, piece.high);
        bar.low = Math.min(bar.low, piece.low);
        bar.close = piece.close;
        bar.volume += piece.volume;
      }
    }
    return bar;
  }

  #pieceOf(index: number, from: number, to: number): Omit<PathBar, 'time'> {
    const open = this.priceAt(from);
    const close = this.priceAt(to - 1);
    let high = Math.max(open, close);
    let low = Math.min(open, close);
    for (let corner = 0; corner < 4; corner += 1) {
      if (this.#times[corner]! < from || this.#times[corner]! >= to) continue;
      high = Math.max(high, this.#prices[corner]!);
      low = Math.min(low, this.#prices[corner]!);
    }
    return { open, high, low, close, volume: (this.#columns.volume[index]! * (to - from)) / this.barMs };
  }

  #reachWithin(index: number, from: number, isReached: (price: number) => boolean, level: number): number | null {
    this.#turnTo(index);
    if (this.#times[0]! >= from && isReached(this.#prices[0]!)) return this.#times[0]!;
    for (let corner = 1; corner < 4; corner += 1) {
      const end = this.#times[corner]!;
      if (end < from || !isReached(this.#prices[corner]!)) continue;
      const start = this.#times[corner - 1]!;
      const rise = this.#prices[corner]! - this.#prices[corner - 1]!;
      const crossing = start + ((level - this.#prices[corner - 1]!) / rise) * (end - start);
      return Math.min(end, Math.max(from, Math.ceil(crossing)));
    }
    return null;
  }

  #between(corner: number, time: number): number {
    const start = this.#times[corner - 1]!;
    const from = this.#prices[corner - 1]!;
    return from + ((time - start) / (this.#times[corner]! - start)) * (this.#prices[corner]! - from);
  }

  #turnTo(index: number): void {
    if (this.#corner === index) return;
    this.#corner = index;
    const { time, open, high, low, close } = this.#columns;
    const rises = close[index]! >= open[index]!;
    const start = time[index]!;
    this.#times[0] = start;
    this.#times[1] = start + Math.floor(this.barMs / 4);
    this.#times[2] = start + Math.floor((this.barMs * 3) / 4);
    this.#times[3] = start + this.barMs - 1;
    this.#prices[0] = open[index]!;
    this.#prices[1] = rises ? low[index]! : high[index]!;
    this.#prices[2] = rises ? high[index]! : low[index]!;
    this.#prices[3] = close[index]!;
  }
}
