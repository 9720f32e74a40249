import { abs, isMissing, max, min, missing } from '#engine/contract/intrinsics.ts';
import { type Block, type Kernel, requirePeriod } from './kernel.ts';

// Bundled into the strategy realm: no Node imports here. J. Welles Wilder, New Concepts in Technical Trading Systems, 1978.

/** Wilder's smoothing: seeded with the mean of the first `period` inputs, then a step of 1/period towards each input. */
class WilderMean {
  readonly #period: number = 0;
  #count = 0;
  #value = 0;

  constructor(period: number) {
    this.#period = period;
  }

  get isReady(): boolean {
    return this.#count >= this.#period;
  }

  push(input: number): number {
    if (this.#count >= this.#period) {
      this.#value = (this.#value * (this.#period - 1) + input) / this.#period;
      return this.#value;
    }
    this.#count += 1;
    this.#value += input;
    if (this.#count === this.#period) this.#value /= this.#period;
    return this.#value;
  }
}

/** Relative strength index, 0 to 100: 100 · mean gain / (mean gain + mean loss). First value after `period` changes. 0 where nothing moved, as in TA-Lib. */
export class RsiKernel implements Kernel {
  readonly #period: number = 0;
  #changes = 0;
  /** Wilder's means of rises and falls, sums until there are `period` of them. */
  #gain = missing;
  #loss = missing;
  #last = missing;

  constructor(period: number) {
    this.#period = requirePeriod('rsi', period, 2);
    this.#gain = 0;
    this.#loss = 0;
  }

  push(input: number): number {
    const period = this.#period;
    const change = input - this.#last;
    this.#last = input;
    if (isMissing(change)) return missing;
    if (this.#changes < period) {
      this.#changes += 1;
      this.#gain += rise(change);
      this.#loss += rise(-change);
      if (this.#changes < period) return missing;
      this.#gain /= period;
      this.#loss /= period;
    } else {
      this.#gain = (this.#gain * (period - 1) + rise(change)) / period;
      this.#loss = (this.#loss * (period - 1) + rise(-change)) / period;
    }
    return strengthOf(this.#gain, this.#loss);
  }

  run({ input, inputAt, count }: Block, out: Float64Array): void {
    const period = this.#period;
    let bar = 0;
    for (; bar < count && this.#changes < period; bar += 1) out[bar + 1] = this.push(input[inputAt + bar]!);
    const weight = period - 1;
    let last = this.#last;
    let gain = this.#gain;
    let loss = this.#loss;
    for (; bar < count; bar += 1) {
      const next = input[inputAt + bar]!;
      const change = next - last;
      last = next;
      if (isMissing(change)) {
        out[bar + 1] = missing;
        continue;
      }
      gain = (gain * weight + rise(change)) / period;
      loss = (loss * weight + rise(-change)) / period;
      out[bar + 1] = strengthOf(gain, loss);
    }
    this.#last = last;
    this.#gain = gain;
    this.#loss = loss;
  }
}

/** The larger of a change and 0, without a branch: which way the next bar moves cannot be foreseen, by a processor neither. */
function rise(change: number): number {
  return (change + abs(change)) / 2;
}

function strengthOf(gain: number, loss: number): number {
  const total = gain + loss;
  return total > 0 ? (100 * gain) / total : 0;
}

/** Average true range, in the quote asset: Wilder's mean of max(high, previous close) - min(low, previous close). First value after `period` + 1 bars. */
export class AtrKernel implements Kernel {
  readonly #mean: WilderMean;
  #lastClose = missing;

  constructor(period: number) {
    this.#mean = new WilderMean(requirePeriod('atr', period));
  }

  push(close: number, high: number, low: number): number {
    const last = this.#lastClose;
    this.#lastClose = close;
    if (isMissing(last)) return missing;
    const mean = this.#mean.push(max(high, last) - min(low, last));
    return this.#mean.isReady ? mean : missing;
  }

  run({ input, inputAt, high, low, at, count }: Block, out: Float64Array): void {
    for (let bar = 0; bar < count; bar += 1) out[bar + 1] = this.push(input[inputAt + bar]!, high[at + bar]!, low[at + bar]!);
  }
}

/** Average directional index, 0 to 100: the strength of a trend, whichever its direction. First value after 2 · `period` bars. */
export class AdxKernel implements Kernel {
  readonly #period: number = 0;
  readonly #index: WilderMean;
  #changes = 0;
  #up = 0;
  #down = 0;
  #range = 0;
  #lastHigh = missing;
  #lastLow = missing;
  #lastClose = missing;

  constructor(period: number) {
    this.#period = requirePeriod('adx', period, 2);
    this.#index = new WilderMean(period);
  }

  push(close: number, high: number, low: number): number {
    const rise = high - this.#lastHigh;
    const fall = this.#lastLow - low;
    const range = max(high, this.#lastClose) - min(low, this.#lastClose);
    this.#lastHigh = high;
    this.#lastLow = low;
    this.#lastClose = close;
    if (isMissing(rise)) return missing;
    // Wilder's sums: the first period - 1 changes are added up, then each bar takes one period-th away before it adds its own.
    this.#changes += 1;
    const keep = this.#changes < this.#period ? 1 : 1 - 1 / this.#period;
    this.#up = this.#up * keep + (rise > fall && rise > 0 ? rise : 0);
    this.#down = this.#down * keep + (fall > rise && fall > 0 ? fall : 0);
    this.#range = this.#range * keep + range;
    if (this.#changes < this.#period) return missing;
    const sum = this.#up + this.#down;
    const mean = this.#index.push(sum > 0 ? (100 * abs(this.#up - this.#down)) / sum : 0);
    return this.#index.isReady ? mean : missing;
  }

  run({ input, inputAt, high, low, at, count }: Block, out: Float64Array): void {
    for (let bar = 0; bar < count; bar += 1) out[bar + 1] = this.push(input[inputAt + bar]!, high[at + bar]!, low[at + bar]!);
  }
}
