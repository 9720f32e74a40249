import { missing } from '#engine/contract/intrinsics.ts';
import { type Kernel, requirePeriod } from './kernel.ts';
import { Ring } from './ring.ts';

// Bundled into the strategy realm: no Node imports here.

/** Simple moving average: the mean of the last `period` inputs. */
export class SmaKernel implements Kernel {
  readonly #window: Ring;
  #at = 0;
  #count = 0;
  #sum = 0;

  constructor(period: number) {
    this.#window = new Ring(requirePeriod('sma', period));
  }

  push(input: number): number {
    const window = this.#window;
    this.#sum += input - window.get(this.#at);
    window.set(this.#at, input);
    this.#at += 1;
    if (this.#at === window.size) {
      // Summed afresh once a round, so that rounding errors do not pile up over millions of bars.
      this.#at = 0;
      let sum = 0;
      for (let index = 0; index < window.size; index += 1) sum += window.get(index);
      this.#sum = sum;
    }
    if (this.#count < window.size) this.#count += 1;
    return this.#count === window.size ? this.#sum / window.size : missing;
  }
}

/** Exponential moving average, TA-Lib's convention: k = 2 / (period + 1), seeded with the mean of the first `period` inputs. */
export class EmaKernel implements Kernel {
  readonly #period: number;
  readonly #k: number;
  #count = 0;
  #sum = 0;
  #value = missing;

  constructor(period: number) {
    this.#period = requirePeriod('ema', period);
    this.#k = 2 / (period + 1);
  }

  push(input: number): number {
    if (this.#count >= this.#period) {
      this.#value += this.#k * (input - this.#value);
      return this.#value;
    }
    this.#count += 1;
    this.#sum += input;
    if (this.#count === this.#period) this.#value = this.#sum / this.#period;
    return this.#value;
  }
}

/** Linearly weighted moving average: the newest input counts `period` times, the oldest once. */
export class WmaKernel implements Kernel {
  readonly #window: Ring;
  readonly #divisor: number;
  #at = 0;
  #count = 0;

  constructor(period: number) {
    this.#window = new Ring(requirePeriod('wma', period));
    this.#divisor = (period * (period + 1)) / 2;
  }

  push(input: number): number {
    const window = this.#window;
    const period = window.size;
    window.set(this.#at, input);
    this.#at = (this.#at + 1) % period;
    if (this.#count < period) this.#count += 1;
    if (this.#count < period) return missing;
    let sum = 0;
    for (let weight = 1; weight <= period; weight += 1) sum += weight * window.get((this.#at + weight - 1) % period);
    return sum / this.#divisor;
  }
}
