import { columnNames } from '#engine/candles/candle-columns.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import type { MarketBar } from './market-data.ts';

const initialCapacity = 1024;

/**
 * The newest bars of a series. A bar's position is counted from the first bar there ever was and never changes, whatever is
 * forgotten before it; the memory stays as large as what is kept.
 */
export class RollingColumns {
  #columns: CandleColumns = columnsFor(initialCapacity);
  /** When each bar was known, beside its columns. */
  #knownAt = new Float64Array(initialCapacity);
  /** Where the oldest bar that is kept lies. */
  #start = 0;
  #first = 0;
  #count = 0;

  /** Position of the oldest bar that is kept. */
  get first(): number {
    return this.#first;
  }

  /** Position that the next bar will have. */
  get end(): number {
    return this.#first + this.#count;
  }

  /** @param bar opens later than every bar before it */
  push(bar: MarketBar, knownAt: number): void {
    this.#makeRoom();
    const index = this.#start + this.#count;
    for (const name of columnNames) this.#columns[name][index] = bar[name];
    this.#knownAt[index] = knownAt;
    this.#count += 1;
  }

  /** Undefined for a position that is forgotten or still to come. */
  at(position: number): MarketBar | undefined {
    if (position < this.#first || position >= this.end) return undefined;
    const index = this.#indexOf(position);
    const { time, open, high, low, close, volume } = this.#columns;
    return {
      time: time[index]!,
      open: open[index]!,
      high: high[index]!,
      low: low[index]!,
      close: close[index]!,
      volume: volume[index]!,
    };
  }

  /** When the bar was known, UTC milliseconds by the venue's clock. */
  knownAt(position: number): number {
    return this.#knownAt[this.#indexOf(position)]!;
  }

  timeAt(position: number): number {
    return this.#columns.time[this.#indexOf(position)]!;
  }

  /** Position of the first bar kept that opens at or after `time`; `end` when there is none. */
  positionFrom(time: number): number {
    let low = this.#first;
    let high = this.end;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.timeAt(middle) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The bars from `position` on, copied. */
  copyFrom(position: number): CandleColumns {
    const from = this.#indexOf(Math.max(position, this.#first));
    const to = this.#start + this.#count;
    const column = (name: (typeof columnNames)[number]) => this.#columns[name].slice(from, Math.max(from, to));
    return {
      time: column('time'),
      open: column('open'),
      high: column('high'),
      low: column('low'),
      close: column('close'),
      volume: column('volume'),
    };
  }

  /** Lets go of all bars before `position`. */
  forgetBefore(position: number): void {
    const count = Math.min(Math.max(0, position - this.#first), this.#count);
    this.#first += count;
    this.#start += count;
    this.#count -= count;
  }

  #indexOf(position: number): number {
    return this.#start + (position - this.#first);
  }

  #makeRoom(): void {
    const capacity = this.#knownAt.length;
    if (this.#start + this.#count < capacity) return;
    // Half of it is forgotten: moving the rest down costs less than it makes room for.
    const target = this.#start >= capacity / 2 ? capacity : capacity * 2;
    const columns = target === capacity ? this.#columns : columnsFor(target);
    const knownAt = target === capacity ? this.#knownAt : new Float64Array(target);
    const end = this.#start + this.#count;
    for (const name of columnNames) columns[name].set(this.#columns[name].subarray(this.#start, end));
    knownAt.set(this.#knownAt.subarray(this.#start, end));
    this.#columns = columns;
    this.#knownAt = knownAt;
    this.#start = 0;
  }
}

function columnsFor(bars: number): CandleColumns {
  const column = () => new Float64Array(bars);
  return { time: column(), open: column(), high: column(), low: column(), close: column(), volume: column() };
}
