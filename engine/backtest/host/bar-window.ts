import type { Bar } from '#engine/contract/types.ts';

// Bundled into the strategy realm: no Node imports here.

/** The newest closed bars of one symbol, in rings. What has not closed is not in it, so there is no index for the future. */
export class BarWindow {
  readonly time: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  readonly mask: number;
  /** How far back a strategy may look. */
  readonly reach: number;
  /** Bars taken in so far. */
  count = 0;

  constructor(reach: number) {
    let size = 2;
    while (size < reach + 1) size *= 2;
    this.reach = reach;
    this.mask = size - 1;
    this.time = new Float64Array(size);
    this.open = new Float64Array(size);
    this.high = new Float64Array(size);
    this.low = new Float64Array(size);
    this.close = new Float64Array(size);
    this.volume = new Float64Array(size);
  }

  push(time: number, open: number, high: number, low: number, close: number, volume: number): void {
    const at = this.count & this.mask;
    this.time[at] = time;
    this.open[at] = open;
    this.high[at] = high;
    this.low[at] = low;
    this.close[at] = close;
    this.volume[at] = volume;
    this.count += 1;
  }
}

/** The bar a fixed number of bars back, read through the window: one object for all time, so reading allocates nothing. */
export class BarView implements Bar {
  readonly #window: BarWindow;
  readonly #back: number;

  constructor(window: BarWindow, barsAgo: number) {
    this.#window = window;
    this.#back = barsAgo + 1;
    Object.freeze(this);
  }

  get time(): number {
    return this.#window.time[(this.#window.count - this.#back) & this.#window.mask]!;
  }

  get open(): number {
    return this.#window.open[(this.#window.count - this.#back) & this.#window.mask]!;
  }

  get high(): number {
    return this.#window.high[(this.#window.count - this.#back) & this.#window.mask]!;
  }

  get low(): number {
    return this.#window.low[(this.#window.count - this.#back) & this.#window.mask]!;
  }

  get close(): number {
    return this.#window.close[(this.#window.count - this.#back) & this.#window.mask]!;
  }

  get volume(): number {
    return this.#window.volume[(this.#window.count - this.#back) & this.#window.mask]!;
  }
}
