import type { Big } from 'big.js';

/** Who asks a venue waits so long for the answer. */
export const ANSWER_MS = 30_000;

/** Where orders go. Amounts are exact decimals; quantities are of the base asset, prices of the quote asset; times UTC milliseconds. */
export interface Venue {
  /** `kraken`, `binance`, `coinbase`, or `rehearsal` behind one of their dialects. */
  readonly name: string;
  /** Names the account without telling its key: one engine trades on it at a time. */
  readonly account: string;
  readonly features: VenueFeatures;

  /** The markets of these symbols; one that the venue does not have is missing from the answer. */
  markets(symbols: readonly string[]): Promise<VenueMarket[]>;
  balances(): Promise<Map<string, Balance>>;
  /** The best prices now; a symbol that the venue does not have, or has no price of, is missing from the answer. */
  quotes(symbols: readonly string[]): Promise<Map<string, Quote>>;

  /** Sends once and never again by itself. @throws VenueError, whose `certainty` says whether the order may exist */
  place(request: OrderRequest): Promise<Placed>;
  /** Asks for the end of an order. One that had ended already, as all of a market that is gone, is no error. @throws VenueError */
  cancel(order: OrderName): Promise<void>;
  /** The order as the venue knows it, open or ended; null when the venue answers that it has no such order. @throws VenueError */
  find(order: OrderName): Promise<VenueOrder | null>;
  /** All open orders of these symbols, whoever made them; none of a symbol that the venue does not have. */
  openOrders(symbols: readonly string[]): Promise<VenueOrder[]>;
  /**
   * Fills from `since` on, oldest first, whoever made them; each may come again in a later answer. None of a symbol that the venue does
   * not have.
   */
  fills(symbols: readonly string[], since: number): Promise<VenueFill[]>;

  /** The venue's clock less ours, and how far off the answer may be. Milliseconds. */
  clockOffset(): Promise<{ offset: number; uncertainty: number }>;
  /** After `ms` without another call the venue cancels all orders; 0 takes it back. Only where `features.hasDeadManSwitch`. */
  armDeadManSwitch(ms: number): Promise<void>;
  /** What the key may do, as far as the venue says; `canWithdraw: null` where it does not. */
  rights(): Promise<KeyRights>;
  /** Whatever the venue pushes. It is told as news to look for, and may come late, twice, out of order or not at all. */
  onNews(listener: (news: VenueNews) => void): () => void;
  close(): Promise<void>;
}

export interface VenueFeatures {
  readonly hasDeadManSwitch: boolean;
  /** The dead-man switch takes protective stops away too: where true it is armed only while no stop rests. */
  readonly deadManTakesStops: boolean;
  /** A stop order rests at the venue and sells when the price touches it: at the market, or where there is none of that kind at a limit below. */
  readonly hasStopOrders: boolean;
}

export interface VenueMarket {
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  /** False in maintenance, post-only or cancel-only. */
  readonly isActive: boolean;
  readonly tickSize: Big;
  readonly stepSize: Big;
  /** The smallest amounts of the two assets that the venue keeps in an account; absent where it does not say. */
  readonly baseUnit?: Big;
  readonly quoteUnit?: Big;
  readonly minQuantity: Big;
  readonly minNotional: Big;
  readonly maxQuantity: Big | null;
  /** Ratios. */
  readonly makerFeeRate: number;
  readonly takerFeeRate: number;
}

export interface Balance {
  readonly free: Big;
  /** With what open orders hold. */
  readonly total: Big;
}

export interface Quote {
  readonly bid: Big;
  readonly ask: Big;
  readonly last: Big;
  /** How old the prices are by the venue's own word; when they came, where it does not say. */
  readonly time: number;
}

export type Side = 'buy' | 'sell';
/** `limit-ioc` fills at once what it can and is gone; `stop` sells at the market once the price has touched `stopPrice`. */
export type OrderKind = 'market' | 'limit' | 'limit-ioc' | 'stop';

export interface OrderRequest {
  /** At most 18 characters of a-z and 0-9: what every venue takes. */
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly kind: OrderKind;
  /** On the market's step. */
  readonly quantity: Big;
  /** On the market's tick; null for `market` and `stop`. */
  readonly limitPrice: Big | null;
  readonly stopPrice: Big | null;
}

export interface Placed {
  readonly venueOrderId: string;
}

/** An order by the names both sides have for it. */
export interface OrderName {
  readonly clientOrderId: string;
  /** Null until the venue has told its own. */
  readonly venueOrderId: string | null;
  readonly symbol: string;
  /** When it was sent, so that a venue that lists by time knows where to look. */
  readonly sentAt: number;
}

export type VenueOrderState = 'open' | 'filled' | 'cancelled' | 'rejected' | 'expired';

export interface VenueOrder {
  readonly venueOrderId: string;
  /** Null for an order that somebody else made without one. */
  readonly clientOrderId: string | null;
  readonly symbol: string;
  readonly side: Side;
  readonly state: VenueOrderState;
  readonly quantity: Big;
  readonly filled: Big;
  readonly createdAt: number;
}

export interface Fee {
  readonly asset: string;
  /** Below zero for a rebate. */
  readonly amount: Big;
}

export interface VenueFill {
  /** The venue's name for it; with the symbol it is unique. */
  readonly id: string;
  readonly venueOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: Big;
  readonly price: Big;
  /** Perhaps several, in any currency; one in the base asset lessens what is held. */
  readonly fees: readonly Fee[];
  readonly isMaker: boolean;
  readonly time: number;
}

export interface KeyRights {
  readonly canTrade: boolean | null;
  readonly canWithdraw: boolean | null;
}

/** `orders`: something happened to an order or a fill. `lost`: the stream broke and news may be missing. `back`: it runs again. */
export interface VenueNews {
  readonly kind: 'orders' | 'lost' | 'back';
  /** Undefined where the venue does not say. */
  readonly symbol?: string;
}
