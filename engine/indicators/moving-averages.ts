import { missing } from '#engine/contract/intrinsics.ts';
import { type Block, type Kernel, requirePeriod } from './kernel.ts';

// Bundled into the strategy realm: no Node imports here.

/** Simple moving average: the mean of the last `period` inputs. */
export class SmaKernel implements Kernel {
  readonly #window: Float64Array;
  #at = 0;
  #count = 0;
  #sum = 0;

  constructor(period: number) {
    this.#window = new Float64Array(requirePeriod('sma', period));
  }

  push(input: number): number {
    const window = this.#window;
    this.#sum += input - window[this.#at]!;
    window[this.#at] = input;
    this.#at += 1;
    if (this.#at === window.length) {
      // Summed afresh once a round, so that rounding errors do not pile up over millions of bars.
      this.#at = 0;
      let sum = 0;
      for (let index = 0; index < window.length; index += 1) sum += window[index]!;
      this.#sum = sum;
    }
    if (this.#count < window.length) this.#count += 1;
    return this.#count === window.length ? this.#sum / window.length : missing;
  }

  run({ input, inputAt, count }: Block, out: Float64Array): void {
    for (let bar = 0; bar < count; bar += 1) out[bar + 1] = this.push(input[inputAt + bar]!);
  }
}

/** Exponential moving average, TA-Lib's convention: k = 2 / (period + 1), seeded with the mean of the first `period` inputs. */
export class EmaKernel implements Kernel {
  readonly #period: number = 0;
  readonly #k: number = missing;
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

  run({ input, inputAt, count }: Block, out: Float64Array): void {
    let bar = 0;
    for (; bar < count && this.#count < this.#period; bar += 1) out[bar + 1] = this.push(input[inputAt + bar]!);
    // Kept in a variable while the run lasts: a field would be stored and loaded again for each bar.
    const k = this.#k;
    let value = this.#value;
    for (; bar < count; bar += 1) {
      value += k * (input[inputAt + bar]! - value);
      out[bar + 1] = value;
    }
    this.#value = value;
  }
}

/** Linearly weighted moving average: the newest input counts `period` times, the oldest once. */
export class WmaKernel implements Kernel {
  readonly #window: Float64Array;
  readonly #divisor: number = missing;
  #at = 0;
  #count = 0;

  constructor(period: number) {
    this.#window = new Float64Array(requirePeriod('wma', period));
    this.#divisor = (period * (period + 1)) / 2;
  }

  push(input: number): number {
    const window = this.#window;
    const period = window.length;
    window[this.#at] = input;
    this.#at = (this.#at + 1) % period;
    if (this.#count < period) this.#count += 1;
    if (this.#count < period) return missing;
    let sum = 0;
    for (let weight = 1; weight <= period; weight += 1) sum += weight * window[(this.#at + weight - 1) % period]!;
    return sum / this.#divisor;
  }

  run({ input, inputAt, count }: Block, out: Float64Array): void {
    for (let bar = 0; bar < count; bar += 1) out[bar + 1] = this.push(input[inputAt + bar]!);
  }
}
