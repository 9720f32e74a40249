import { missing, sqrt } from '#engine/contract/intrinsics.ts';
import { type Kernel, requirePeriod } from './kernel.ts';
import { Ring } from './ring.ts';

// Bundled into the strategy realm: no Node imports here.

/** The highest (`sign` 1) or lowest (`sign` -1) of the last `period` inputs, this one included. Amortised constant time. */
export class ExtremeKernel implements Kernel {
  readonly #sign: 1 | -1;
  readonly #period: number;
  /** A falling staircase: values that could still become the extreme, and when each came. */
  readonly #values: Ring;
  readonly #times: Ring;
  #head = 0;
  #size = 0;
  #time = 0;

  constructor(name: string, period: number, sign: 1 | -1) {
    this.#period = requirePeriod(name, period);
    this.#sign = sign;
    this.#values = new Ring(period);
    this.#times = new Ring(period);
  }

  push(input: number): number {
    const value = input * this.#sign;
    const room = this.#period;
    this.#time += 1;
    if (this.#size > 0 && this.#times.get(this.#head) <= this.#time - room) {
      this.#head = (this.#head + 1) % room;
      this.#size -= 1;
    }
    while (this.#size > 0 && this.#values.get((this.#head + this.#size - 1) % room) <= value) this.#size -= 1;
    const at = (this.#head + this.#size) % room;
    this.#values.set(at, value);
    this.#times.set(at, this.#time);
    this.#size += 1;
    return this.#time >= room ? this.#values.get(this.#head) * this.#sign : missing;
  }
}

/** Standard deviation of the last `period` inputs, divided by `period` as in TA-Lib and Bollinger bands. Two passes, so it stays exact. */
export class DeviationKernel implements Kernel {
  readonly #window: Ring;
  #at = 0;
  #count = 0;

  constructor(period: number) {
    this.#window = new Ring(requirePeriod('deviation', period, 2));
  }

  push(input: number): number {
    const window = this.#window;
    const period = window.size;
    window.set(this.#at, input);
    this.#at = this.#at + 1 === period ? 0 : this.#at + 1;
    if (this.#count < period) this.#count += 1;
    if (this.#count < period) return missing;
    let sum = 0;
    for (let index = 0; index < period; index += 1) sum += window.get(index);
    const mean = sum / period;
    let squares = 0;
    for (let index = 0; index < period; index += 1) squares += (window.get(index) - mean) * (window.get(index) - mean);
    return sqrt(squares / period);
  }
}

/** Change over `period` bars as a ratio: input / input `period` bars ago - 1. */
export class RateOfChangeKernel implements Kernel {
  readonly #window: Ring;
  #at = 0;
  #count = 0;

  constructor(period: number) {
    this.#window = new Ring(requirePeriod('rateOfChange', period));
  }

  push(input: number): number {
    const window = this.#window;
    const before = window.get(this.#at);
    window.set(this.#at, input);
    this.#at = this.#at + 1 === window.size ? 0 : this.#at + 1;
    if (this.#count < window.size) {
      this.#count += 1;
      return missing;
    }
    return input / before - 1;
  }
}
