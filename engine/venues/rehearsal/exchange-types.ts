import type { Big } from 'big.js';
import type { CandleColumns } from '#engine/candles/types.ts';
import type { Fee, OrderKind, Side, VenueMarket } from '../venue.ts';

/** How thick the book is around the price. Both sides alike. */
export interface BookShape {
  /** Half the distance between the best prices, as a ratio of the price. */
  readonly halfSpreadRate: number;
  readonly levels: number;
  /** Distance from one level to the next, as a ratio of the price; at least one tick. */
  readonly spacingRate: number;
  /** What rests on one level, in the quote asset. */
  readonly levelNotional: number;
  /** What was taken from a side is back after so long. */
  readonly refillMs: number;
}

export interface ListedMarket extends VenueMarket {
  readonly book: BookShape;
  /** The bars that the price walks through, of `barMs` each. More can be added later: `Exchange.extend`. */
  readonly candles: CandleColumns;
  readonly barMs: number;
}

/**
 * What a fill costs is paid in: the quote asset (Kraken); what the fill brings, so base when buying (Binance); or for the
 * given share in a third asset, while the account has enough of it, and the rest in what the fill brings.
 */
export type FeePlan = 'quote' | 'received' | { readonly asset: string; readonly share: number; readonly priceInQuote: number };

export interface ExchangeOptions {
  readonly markets: readonly ListedMarket[];
  /** Account → asset → amount. */
  readonly balances: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly fees?: FeePlan;
  /** Binance refuses a stop whose price is reached already, Kraken sells at once. Default: sells. */
  readonly refusesReachedStops?: boolean;
}

/** An order as it arrives. `OrderRequest` is one; others need bring no client order id. A stop with a limit price becomes a limit order. */
export interface NewOrder {
  readonly clientOrderId: string | null;
  readonly symbol: string;
  readonly side: Side;
  readonly kind: OrderKind;
  readonly quantity: Big;
  readonly limitPrice: Big | null;
  readonly stopPrice: Big | null;
}

/** `expired`: what a market or limit-ioc order could not fill at once. */
export type ExchangeOrderState = 'open' | 'filled' | 'cancelled' | 'expired';

/** An order as the exchange keeps it, for ever. What the exchange hands out is a copy of the moment. */
export interface ExchangeOrder extends NewOrder {
  /** Counts from 1 over all accounts; the dialects make their order ids of it. */
  readonly number: number;
  readonly account: string;
  readonly state: ExchangeOrderState;
  readonly filled: Big;
  /** Sum of quantity × price over its fills, quote asset. */
  readonly cost: Big;
  readonly fees: readonly Fee[];
  readonly fillNumbers: readonly number[];
  readonly createdAt: number;
  /** When a stop became a market order. */
  readonly triggeredAt: number | null;
  readonly endedAt: number | null;
  readonly endReason: 'filled' | 'asked' | 'dead-man-switch' | 'no-depth' | 'no-funds' | null;
}

export interface ExchangeFill {
  /** Counts from 1 over all accounts. */
  readonly number: number;
  readonly orderNumber: number;
  readonly account: string;
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: Big;
  readonly price: Big;
  readonly fees: readonly Fee[];
  readonly isMaker: boolean;
  readonly time: number;
}

/** One movement of one balance. All of them, in order, are every balance there ever was. */
export interface LedgerEntry {
  readonly time: number;
  readonly account: string;
  readonly asset: string;
  /** Below zero for what went out. */
  readonly amount: Big;
  readonly balance: Big;
  readonly kind: 'deposit' | 'trade' | 'fee';
  /** Null for deposits and withdrawals. */
  readonly fillNumber: number | null;
}

/** Told after the call or the moment in which it happened; `order` is a copy as it was then. */
export type ExchangeEvent =
  | { readonly kind: 'order'; readonly change: 'accepted' | 'triggered' | 'ended'; readonly order: ExchangeOrder }
  | { readonly kind: 'fill'; readonly order: ExchangeOrder; readonly fill: ExchangeFill };

/** One account's asset, worked out twice: as the ledger has it, and anew from deposits and fills. `difference` must be zero. */
export interface BookLine {
  readonly account: string;
  readonly asset: string;
  readonly deposited: Big;
  readonly traded: Big;
  readonly fees: Big;
  readonly balance: Big;
  readonly difference: Big;
  /** What open orders hold, as kept; and anew from the open orders. They must be the same. */
  readonly held: Big;
  readonly heldByOrders: Big;
}
