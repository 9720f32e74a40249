import type { Timeframe } from '#engine/contract/types.ts';
import { timeframeMs } from './timeframe.ts';

// Bundled into the strategy realm, where its hot loop runs: no Node imports, no allocation per bar.

/**
 * Builds bars of a higher timeframe from base bars, one at a time; the only code that does. Buckets are aligned to
 * UTC. A bucket closes with its last base bar, or, when that one is missing, with the first base bar at or after its
 * end; what is missing inside a bucket is simply not in it, and a bucket without any base bar does not exist.
 *
 * For each closed base bar:
 *
 *     if (resampler.closesBefore(time)) use(resampler);            // the bucket before ended without its last bar
 *     if (resampler.add(time, open, high, low, close, volume)) use(resampler);
 *
 * Both may be true for one bar. The fields hold the closed bar until the next `add`.
 */
export class Resampler {
  /** Open time of the bucket, UTC milliseconds; NaN before the first bar. */
  time = Number.NaN;
  open = Number.NaN;
  high = Number.NaN;
  low = Number.NaN;
  close = Number.NaN;
  volume = 0;
  readonly #baseMs: number;
  readonly #bucketMs: number;
  /** Where the bucket being built ends; NaN when none is being built. */
  #endMs = Number.NaN;

  constructor(from: Timeframe, to: Timeframe) {
    this.#baseMs = timeframeMs(from);
    this.#bucketMs = timeframeMs(to);
    if (this.#bucketMs % this.#baseMs !== 0) throw new RangeError(`${from} bars do not add up to ${to} bars`);
  }

  /** Ask before `add`: true when a base bar opening at `time` shows that the bucket in the fields has ended. */
  closesBefore(time: number): boolean {
    if (!(time >= this.#endMs)) return false;
    this.#endMs = Number.NaN;
    return true;
  }

  /** Takes a base bar in; true when it is the last one of its bucket, which the fields now hold. */
  add(time: number, open: number, high: number, low: number, close: number, volume: number): boolean {
    if (time < this.#endMs) {
      if (high > this.high) this.high = high;
      if (low < this.low) this.low = low;
      this.close = close;
      this.volume += volume;
    } else {
      this.time = time - (time % this.#bucketMs);
      this.#endMs = this.time + this.#bucketMs;
      this.open = open;
      this.high = high;
      this.low = low;
      this.close = close;
      this.volume = volume;
    }
    if (time + this.#baseMs < this.#endMs) return false;
    this.#endMs = Number.NaN;
    return true;
  }
}
