import type { Feed } from '#engine/feeds/feed.ts';
import type { TradingLimits } from '#engine/risk/trading-limits.ts';
import type { OrderDesk } from '#engine/runtime/bar-loop.ts';
import type { EngineStore } from '#engine/store/engine-store.ts';
import type { OrderJournal } from '#engine/store/journal/order-journal.ts';
import type { Venue } from '#engine/venues/venue.ts';

/** A way in which the engine is deliberately made wrong, to see that it is caught. */
export interface Sabotage {
  /** Put between the engine and its venue. */
  readonly venue?: (venue: Venue) => Venue;
  /** Put between the engine and its journal. */
  readonly journal?: (journal: OrderJournal) => OrderJournal;
  /** Put between the engine and its record. */
  readonly store?: (store: EngineStore) => EngineStore;
  /** Put between the engine's loop and where its decisions become orders. */
  readonly desk?: (desk: OrderDesk) => OrderDesk;
  /** Put between the engine's loop and its feed. */
  readonly feed?: (feed: Feed) => Feed;
  /** What the engine is told the limits are. */
  readonly limits?: (limits: TradingLimits) => TradingLimits;
  /** What the engine is told of a halt. */
  readonly isDeafToHalts?: boolean;
}
