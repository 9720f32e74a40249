import type { CandleColumns } from '#engine/candles/types.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import type { ClosedBar } from '#engine/simulation/types.ts';
import type { BreakerState } from './circuit-breaker.ts';
import type { ClockOffset } from './clock-offset.ts';

/** A market's closed bars as a feed has them. */
export interface FeedSeries {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  /** Open time of the oldest bar that `since` can give; infinite when there is none. */
  readonly oldest: number;
  /** Of an exchange that gives only its newest bars of this timeframe, whatever is asked for: how many. */
  readonly servesNewest?: number | null;
  /** The bars that open at or after `time`, up to the newest that is known. What the feed does later does not change them. */
  since(time: number): CandleColumns;
}

/** All base bars that close at one moment; whole in itself, whatever the feed forgets or learns later. */
export interface Instant {
  /** When they close, UTC milliseconds. */
  readonly time: number;
  /** At most one a series, in the order of the series. None where nothing traded anywhere: time went on all the same. */
  readonly bars: readonly ClosedBar[];
  /** How long after `time` each bar was known, milliseconds by the venue's clock; zeros in a replay. */
  readonly ages: readonly number[];
  /** Symbols that were waited for in vain: their bar, if there was one, is never handed out. */
  readonly missing: readonly string[];
}

/** Where the engine's bars come from: stored ones that are replayed, or a venue's as they close. */
export interface Feed {
  readonly series: readonly FeedSeries[];
  /** False for a replay, which ends. */
  readonly isLive: boolean;
  /** Goes to just after `time`, the close of the last instant taken in; null is where the feed itself begins. */
  seek(time: number | null): void;
  /** The instant to come; null when there is none yet, or none any more. Taking it is `next`. */
  peek(): Instant | null;
  next(): Instant | null;
  /** Close of the last of the first `count` instants of a replay, or of the newest bar when a live feed was opened: until then an engine catches up. */
  timeOfInstant(count: number): number;
  /** Tells when there may be an instant that `peek` did not give before. Returns how to be told no more. */
  onNews(listener: () => void): () => void;
  /** Null for a replay, which cannot fall ill. */
  health(): FeedHealth | null;
  /** Stores what is not stored yet, and lets go of the venue. */
  close(): Promise<void>;
}

/** `none`: the venue is only asked. `lost`: it broke, and is being taken up again. */
export type StreamState = 'none' | 'connecting' | 'connected' | 'lost';

export interface FeedHealth {
  /** As people are told of it: `rehearsal` for one. */
  readonly venue: string;
  readonly stream: StreamState;
  /** When the stream last brought something, UTC milliseconds by our clock. */
  readonly lastMessageAt: number | null;
  readonly reconnects: number;
  readonly breaker: BreakerState;
  /** Null until the venue's clock was read. */
  readonly clock: ClockOffset | null;
  readonly series: readonly SeriesHealth[];
  /** Bars handed out, or about to be, that the candle store does not have yet. */
  readonly unstoredBars: number;
  /** What went wrong and has not gone right since, in words. */
  readonly problems: readonly string[];
  /** What a person should know about the history: what the venue does not have. */
  readonly notices: readonly string[];
}

export interface SeriesHealth {
  readonly symbol: string;
  /** Close of the newest bar; null when there is none. */
  readonly newestClose: number | null;
  /** How long ago that was, milliseconds by the venue's clock. */
  readonly ageMs: number | null;
  /** Until when it is known what traded, and that nothing else did. */
  readonly settledUntil: number;
  /** Bars that were waited for in vain. */
  readonly missed: number;
  /** Bars of which the venue said something else after they were handed out. */
  readonly corrections: number;
}
