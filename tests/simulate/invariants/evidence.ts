import type { Big } from 'big.js';
import type { Stage } from '#engine/contract/manifest.ts';
import type { HaltState } from '#engine/risk/pre-trade.ts';
import type { TradingLimits } from '#engine/risk/trading-limits.ts';
import type { JournalFill, OrderRow } from '#engine/store/journal/journal-rows.ts';
import type { BookLine, ExchangeFill, ExchangeOrder } from '#engine/venues/rehearsal/exchange-types.ts';
import type { OrderRequest } from '#engine/venues/venue.ts';
import type { Certainty } from '#engine/venues/venue-error.ts';
import type { LaneBooks } from '../lane-books.ts';

/** An order on its way out, as it passed the door. */
export interface Sent {
  readonly request: OrderRequest;
  /** UTC milliseconds, of the world. */
  readonly at: number;
  /** Whether the journal had it on disk at that moment. */
  readonly wasJournalled: boolean;
  /** Of a sale: what its strategy then held of the symbol by the journal, base asset. Null for purchases and what is not there. */
  readonly held: Big | null;
  /** What the caller heard: `done`, how sure the error was, or null while, or because, nothing was heard. */
  outcome: 'done' | Certainty | null;
}

/** What the engine holds in its head about one strategy in one symbol. */
export interface LaneMemory {
  readonly strategy: string;
  readonly symbol: string;
  readonly quantity: number;
}

export interface StrategyMemory {
  readonly strategy: string;
  readonly stage: Stage;
  /** What it was given, quote asset. */
  readonly capital: number;
  /** What it says it is worth at the closes it saw last; null before it has seen one of all it holds. */
  readonly equity: number | null;
  readonly halt: HaltState;
  /** When it was last told to be other than active, by the world's clock; null while it may trade. */
  readonly haltedAt: number | null;
}

/** What a strategy holds at the exchange that no stop there covers. */
export interface Exposure {
  readonly strategy: string;
  readonly symbol: string;
  /** Base asset. */
  readonly naked: Big;
  /** Since when something has been naked. */
  readonly since: number;
  /** Until when nobody could do anything about it. */
  readonly excusedUntil: number;
}

/**
 * All that is known after an event, from three sides that know nothing of each other: the exchange's books, the journal on disk,
 * and the engine's memory (empty between a crash and the next start). `changed` is what the event changed.
 */
export interface Evidence {
  /** UTC milliseconds, of the world. */
  readonly now: number;
  readonly barMs: number;
  /** Faults have ceased and time has passed: nothing may be open any more that only time had to settle. */
  readonly isQuiet: boolean;
  readonly exchange: {
    readonly orders: ReadonlyMap<number, ExchangeOrder>;
    readonly fills: ReadonlyMap<number, ExchangeFill>;
    /** Worked out anew at each call. */
    readonly books: () => readonly BookLine[];
  };
  readonly journal: {
    readonly orders: ReadonlyMap<number, OrderRow>;
    readonly byClientId: ReadonlyMap<string, OrderRow>;
    /** By symbol and the venue's id. */
    readonly fills: ReadonlyMap<string, JournalFill>;
    /** By strategy and symbol, with a blank between them. */
    readonly books: ReadonlyMap<string, LaneBooks>;
    /** Symbols that await a person, and since when. */
    readonly frozen: ReadonlyMap<string, number>;
    readonly doubted: ReadonlySet<string>;
    /** An order's events, oldest first, as JSON. */
    readonly historyOf: (orderId: number) => readonly string[];
  };
  readonly memory: {
    readonly lanes: readonly LaneMemory[];
    readonly strategies: readonly StrategyMemory[];
    /** As the slots have it, not the accounts. */
    readonly slots: readonly LaneMemory[];
  };
  /** What is wrong with what the slots took, decided and stored; null where nothing is. */
  readonly problems: { readonly bars: string | null; readonly decisions: string | null; readonly standing: string | null };
  /** By client order id, each time it was sent. */
  readonly sent: ReadonlyMap<string, readonly Sent[]>;
  readonly changed: {
    readonly exchangeOrders: readonly ExchangeOrder[];
    readonly exchangeFills: readonly ExchangeFill[];
    readonly orders: readonly OrderRow[];
    /** Those among them that are new. */
    readonly intended: readonly OrderRow[];
    readonly fills: readonly JournalFill[];
    readonly sent: readonly Sent[];
  };
  /** Last prices at the exchange, by symbol. */
  readonly prices: ReadonlyMap<string, number>;
  /** The closes that strategies were given last in this life, by symbol. */
  readonly marks: ReadonlyMap<string, number>;
  /** What is too small to be sold, base asset. */
  readonly dustOf: (symbol: string) => number;
  readonly exposures: readonly Exposure[];
  readonly limits: (stage: Stage) => TradingLimits;
  /** Since when these are the limits: until just after it nobody can say which held. */
  readonly limitsSince: number;
}

/** What is wrong, in one sentence with its numbers; null when nothing is. */
export type Invariant = (evidence: Evidence) => string | null;

/** Whether an order id is one that the engine makes. */
export function isOurs(clientOrderId: string | null): clientOrderId is string {
  return clientOrderId !== null && /^r[a-z2-7]{17}$/.test(clientOrderId);
}
