import type { Big } from 'big.js';
import type { Stage } from '#engine/contract/manifest.ts';
import type { HaltState } from './pre-trade.ts';
import type { Standing } from './standing.ts';

/**
 * What must be known to judge an order before it is journalled. Quantities are of the base asset, money is of the quote asset, ratios are
 * plain numbers, times UTC milliseconds. A number that is missing or not finite denies whatever asks for it, unless it says here what
 * else it means.
 */
export interface OrderFacts {
  readonly strategy: string;
  readonly stage: Stage;
  readonly symbol: string;
  /** When it is judged. */
  readonly now: number;
  /** A purchase is judged as an entry, whatever it is for. A cancel is never judged. */
  readonly order: OrderNumbers;
  /** As the venue describes it; null where it does not have it. */
  readonly market: MarketFacts | null;
  /** Null where nobody knows it. */
  readonly quote: QuoteFacts | null;
  readonly decision: DecisionFacts;
  /** The quote asset at the venue. */
  readonly cash: CashFacts;
  /** What the strategy holds of the symbol, as far as the account really has it: no sale is larger. */
  readonly held: Big;
  readonly exposure: ExposureFacts;
  /** What the account and the strategy have behind them: `standingOf` a ledger. */
  readonly standing: Standing;
  readonly halt: HaltState;
  /** Whether the strategy declares the symbol. */
  readonly isDeclared: boolean;
  /** Why reconciliation froze the symbol; null when it did not. */
  readonly frozen: string | null;
  /** The client order id of an order that was made for the same decision, or that still waits in the same lane; null when there is none. */
  readonly duplicateOf: string | null;
  readonly clock: ClockFacts;
}

export interface OrderNumbers {
  readonly side: 'buy' | 'sell';
  readonly quantity: Big;
  /** Null for an order at the market. */
  readonly limitPrice: Big | null;
  readonly stopPrice: Big | null;
}

/** The part of a `VenueMarket` that is asked for here. */
export interface MarketFacts {
  readonly isActive: boolean;
  readonly tickSize: Big;
  readonly stepSize: Big;
  readonly minQuantity: Big;
  readonly minNotional: Big;
  /** Null where the market has none. */
  readonly maxQuantity: Big | null;
  readonly takerFeeRate: number;
}

export interface QuoteFacts {
  readonly bid: Big;
  readonly ask: Big;
  /** When it was true, by our clock. */
  readonly time: number;
}

export interface DecisionFacts {
  /** The close that was decided on. */
  readonly close: number;
  /** When the newest bar closed. */
  readonly closedAt: number;
  /** Distance of the protective stop below the entry, a ratio of its price; `none` where the decision names none. */
  readonly stop: number | 'none';
  /** Distance of the target above the entry, a ratio of its price; `none` where the decision names none. */
  readonly target: number | 'none';
}

export interface CashFacts {
  /** Not held by open orders at the venue. */
  readonly free: Big;
  /** What is set aside for orders that the venue's figure does not count yet. */
  readonly reserved: Big;
}

/** What is held, at the last prices, and what waiting purchases would add, without this order. */
export interface ExposureFacts {
  /** Cash and holdings of all strategies that trade on the venue account. */
  readonly equity: number;
  /** The symbol, in all strategies. */
  readonly symbol: number;
  /** The strategy, in all symbols. */
  readonly strategy: number;
  /** Everything. */
  readonly gross: number;
}

export interface ClockFacts {
  /** The venue's clock less ours, and how far off that may be. Milliseconds. */
  readonly offsetMs: number;
  readonly uncertaintyMs: number;
}
