import type { SilenceLimits } from './stream.ts';

/** Times in milliseconds. */
export interface FeedSettings {
  /** So long after a bar's end the venue is asked for what the stream has not told. */
  readonly graceMs: number;
  /** So long the bars of an instant wait for the others, from when it was their turn or the last one came. */
  readonly lateMs: number;
  /** And no longer than this altogether. */
  readonly lateMsMax: number;
  /** Bars of each market in memory, beside those not stored or not taken yet. */
  readonly keepBars: number;
  /** Bars asked for where nothing is stored, and as many more as closed while no engine was there to take them. */
  readonly historyBars: number;
  /** From the first bar that is not stored to storing all there are. */
  readonly storeEveryMs: number;
  /** How often some market's last bars are compared with what the venue says of them now. */
  readonly auditEveryMs: number;
  readonly measureEveryMs: number;
  readonly silence: SilenceLimits;
  /** Opening waits so long for the history, and then goes on without. */
  readonly openWithinMs: number;
}

export const usualSettings: FeedSettings = {
  graceMs: 2_000,
  lateMs: 10_000,
  lateMsMax: 60_000,
  keepBars: 1_500,
  historyBars: 10_000,
  // Halfway between the ends of two minutes: after whole ones it would be in the way of the next bars' decisions.
  storeEveryMs: 330_000,
  auditEveryMs: 120_000,
  measureEveryMs: 300_000,
  silence: { factor: 10, minMs: 30_000, maxMs: 300_000 },
  openWithinMs: 15_000,
};

/** Waits between tries, doubling. Milliseconds. */
export const clockRetryMs = { firstMs: 1_000, maxMs: 30_000 };
export const reconnectMs = { firstMs: 1_000, maxMs: 60_000 };
/** An answer that took longer says little about the clock. */
export const vagueMs = 1_000;
/** A timer that ends so far from when it was to end says that the clock was set. */
export const setMs = 2_000;
