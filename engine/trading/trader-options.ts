import type { RandomStream } from '#engine/candles/random-stream.ts';
import type { Clock } from '#engine/clock.ts';
import type { Stage } from '#engine/contract/manifest.ts';
import type { Logger } from '#engine/log.ts';
import type { TradingLimits } from '#engine/risk/trading-limits.ts';
import type { OrderJournal } from '#engine/store/journal/order-journal.ts';
import type { Venue } from '#engine/venues/venue.ts';
import type { Taken } from './account-record.ts';
import type { TraderTimings, Trouble } from './trader-parts.ts';

/** What a trader is opened with. */
export interface TraderOptions {
  readonly venue: Venue;
  readonly journal: OrderJournal;
  readonly clock: Clock;
  readonly log: Logger;
  /** The limits in force now. */
  readonly policy: (stage: Stage) => TradingLimits;
  readonly random: RandomStream;
  /** Told of what a person should know; also in `health` while it lasts. */
  readonly onTrouble: (trouble: Trouble) => void;
  readonly timings?: Partial<TraderTimings>;
}

/** What a version asks for, to trade with. */
export interface AccountRequest {
  readonly strategy: string;
  readonly stage: Stage;
  /** What the version trades; what the strategy still holds besides is added. */
  readonly symbols: readonly string[];
  readonly barMs: number;
  /** The strategy's share, quote asset. */
  readonly capital: number;
  /** Up to where its record was stored before this process began; null for all of it. */
  readonly taken?: Taken | null;
}
