import type { RandomStream } from '#engine/candles/random-stream.ts';
import type { Clock } from '#engine/clock.ts';
import type { Stage } from '#engine/contract/manifest.ts';
import type { Logger } from '#engine/log.ts';
import type { TradingLimits } from '#engine/risk/trading-limits.ts';
import { ANSWER_MS, type Venue, type VenueMarket } from '#engine/venues/venue.ts';
import type { Finding, Freezes } from './freezes.ts';
import type { Ledger } from './ledger.ts';
import type { Prices } from './prices.ts';
import type { RiskKeeper } from './risk-keeper.ts';

/** Milliseconds. */
export interface TraderTimings {
  /** An order that the venue does not know is given up as never arrived after it has said so for this long. */
  readonly settleMs: number;
  /** Between two looks at open orders and fills, when no news comes. */
  readonly pollMs: number;
  /** Between two comparisons of everything with the journal. */
  readonly reconcileMs: number;
  /** Between two looks at something that does not agree, before it counts as unexplained. */
  readonly lookAgainMs: number;
  readonly callTimeoutMs: number;
  /** After this without a word from us the venue withdraws our entries, where it can. */
  readonly deadManMs: number;
  /** Quotes are fetched so long before a bar closes. */
  readonly quoteLeadMs: number;
  /** Fills are asked for from so long before the last that is known: clocks differ, and lists are late. */
  readonly overlapMs: number;
}

export const DEFAULT_TIMINGS: TraderTimings = {
  settleMs: 15_000,
  pollMs: 30_000,
  reconcileMs: 180_000,
  lookAgainMs: 5_000,
  callTimeoutMs: ANSWER_MS,
  deadManMs: 60_000,
  quoteLeadMs: 1_500,
  overlapMs: 60_000,
};

/** Something a person should know of. */
export interface Trouble {
  readonly kind: 'frozen' | 'journal' | 'unprotected' | 'halted';
  /** Null where it concerns the whole account. */
  readonly symbol: string | null;
  readonly message: string;
}

/** What the parts of a trader share. */
export interface TraderParts {
  readonly venue: Venue;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: RandomStream;
  readonly policy: (stage: Stage) => TradingLimits;
  readonly timings: TraderTimings;
  readonly ledger: Ledger;
  readonly freezes: Freezes;
  readonly risk: RiskKeeper;
  readonly prices: Prices;
  /** Filled when the trader starts. */
  readonly markets: Map<string, VenueMarket>;
  /** Symbols of ours that the venue names no market of. */
  readonly unlisted: Set<string>;
  readonly onTrouble: (trouble: Trouble) => void;
  /** Freezes the symbol, once. */
  readonly freeze: (finding: Finding) => void;
}
