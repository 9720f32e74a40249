import { missing, sqrt } from '#engine/contract/intrinsics.ts';
import { type Block, type Kernel, requirePeriod } from './kernel.ts';

// Bundled into the strategy realm: no Node imports here.

/** The highest (`sign` 1) or lowest (`sign` -1) of the last `period` inputs, this one included. Amortised constant time. */
export class ExtremeKernel implements Kernel {
  readonly #sign: 1 | -1;
  readonly #period: number = 0;
  /** A falling staircase: values that could still become the extreme, and when each came. */
  readonly #values: Float64Array;
  readonly #times: Float64Array;
  #head = 0;
  #size = 0;
  #time = 0;

  constructor(name: string, period: number, sign: 1 | -1) {
    this.#period = requirePeriod(name, period);
    this.#sign = sign;
    this.#values = new Float64Array(period);
    this.#times = new Float64Array(period);
  }

  push(input: number): number {
    const value = input * this.#sign;
    const room = this.#period;
    this.#time += 1;
    if (this.#size > 0 && this.#times[this.#head]! <= this.#time - room) {
      this.#head = (this.#head + 1) % room;
      this.#size -= 1;
    }
    while (this.#size > 0 && this.#values[(this.#head + this.#size - 1) % room]! <= value) this.#size -= 1;
    const at = (this.#head + this.#size) % room;
    this.#values[at] = value;
    this.#times[at] = this.#time;
    this.#size += 1;
    return this.#time >= room ? this.#values[this.#head]! * this.#sign : missing;
  }

  run({ input, inputAt, count }: Block, out: Float64Array): void {
    for (let bar = 0; bar < count; bar += 1) out[bar + 1] = this.push(input[inputAt + bar]!);
  }
}

/** Standard deviation of the last `period` inputs, divided by `period` as in TA-Lib and Bollinger bands. Two passes, so it stays exact. */
export class DeviationKernel implements Kernel {
  readonly #window: Float64Array;
  #at = 0;
  #count = 0;

  constructor(period: number) {
    this.#window = new Float64Array(requirePeriod('deviation', period, 2));
  }

  push(input: number): number {
    const window = this.#window;
    const period = window.length;
    window[this.#at] = input;
    this.#at = this.#at + 1 === period ? 0 : this.#at + 1;
    if (this.#count < period) this.#count += 1;
    if (this.#count < period) return missing;
    let sum = 0;
    for (let index = 0; index < period; index += 1) sum += window[index]!;
    const mean = sum / period;
    let squares = 0;
    for (let index = 0; index < period; index += 1) squares += (window[index]! - mean) * (window[index]! - mean);
    return sqrt(squares / period);
  }

  run({ input, inputAt, count }: Block, out: Float64Array): void {
    for (let bar = 0; bar < count; bar += 1) out[bar + 1] = this.push(input[inputAt + bar]!);
  }
}

/** Change over `period` bars as a ratio: input / input `period` bars ago - 1. */
export class RateOfChangeKernel implements Kernel {
  readonly #window: Float64Array;
  #at = 0;
  #count = 0;

  constructor(period: number) {
    this.#window = new Float64Array(requirePeriod('rateOfChange', period));
  }

  push(input: number): number {
    const window = this.#window;
    const before = window[this.#at]!;
    window[this.#at] = input;
    this.#at = this.#at + 1 === window.length ? 0 : this.#at + 1;
    if (this.#count < window.length) {
      this.#count += 1;
      return missing;
    }
    return input / before - 1;
  }

  run({ input, inputAt, count }: Block, out: Float64Array): void {
    for (let bar = 0; bar < count; bar += 1) out[bar + 1] = this.push(input[inputAt + bar]!);
  }
}
