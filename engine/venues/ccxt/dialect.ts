import type { Exchange } from 'ccxt';
import type { KeyRights, OrderName, OrderRequest, VenueFeatures, VenueMarket } from '../venue.ts';
import type { Certainty, VenueErrorKind } from '../venue-error.ts';

/** Exchanges that orders are sent to; every other is refused until somebody has looked for its traps. */
export const tradableExchanges = ['kraken', 'binance', 'coinbase'] as const;
export type TradableExchange = (typeof tradableExchanges)[number];

/** What an exchange does differently from the others, as far as ccxt does not make it equal. */
export interface Dialect {
  readonly id: TradableExchange;
  readonly features: VenueFeatures;
  /** What ccxt is opened with, beyond what everybody opens it with. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Its private requests carry rising nonces, and come in one at a time. */
  readonly wantsRisingNonces: boolean;
  /** Where orders and cancellations are sent, which nothing may hold up. */
  readonly urgentPaths: RegExp;
  /** What may be asked at once, after some quiet, before questions have to wait; in ccxt's costs. */
  readonly burst: number;
  /** Public questions have a limit of their own. */
  readonly limitsPublicApart: boolean;
  /** One question for trades is answered with those of all markets, whichever were meant. */
  readonly hasTradesOfAll: boolean;
  /** How far its clock may be off because it tells whole units of time only. Milliseconds. */
  readonly clockResolutionMs: number;

  /** The market with what ccxt leaves out or has wrong. */
  terms(market: MarketTerms, exchange: Exchange): MarketTerms;
  /**
   * An order in ccxt's arguments.
   * @param deadline by the exchange's clock, UTC milliseconds: where it can be told so, it takes the order by then or not at all
   */
  order(request: OrderRequest, terms: MarketTerms, deadline: number): OrderCall;
  /** The order that a request on the wire holds, whatever ccxt was asked for. */
  sent(url: string, body: string): SentOrder;
  /** What its refusal means; null for an answer that is none of its own. */
  refusal(status: number, body: unknown): Refusal | null;

  fees(exchange: Exchange, symbols: readonly string[]): Promise<unknown[]>;
  /** Pages of balances in ccxt's form, each asset on one of them. */
  balances(exchange: Exchange): Promise<unknown[]>;
  /** The asset that a balance can be spent as. */
  assetOf(asset: string): string;
  tickers(exchange: Exchange, symbols: readonly string[]): Promise<unknown[]>;
  serverTime(exchange: Exchange): Promise<unknown>;
  cancel(exchange: Exchange, order: OrderName): Promise<void>;
  /** Orders in ccxt's form among which the one looked for is, if the exchange has it. */
  search(exchange: Exchange, order: OrderName): Promise<unknown[]>;
  /** How several orders are looked for by the exchange's ids in one question; null where each is asked for alone. */
  readonly searchTogether: SearchDialect | null;
  openOrders(exchange: Exchange, symbols: readonly string[]): Promise<unknown[]>;
  /** In ccxt's form, in any order, perhaps repeated. */
  trades(exchange: Exchange, symbols: readonly string[], since: number, now: number): Promise<unknown[]>;
  /** The state of an order that ccxt has parsed, where its own word for it loses something. */
  state(order: { readonly status: string | null; readonly info: unknown }): string | null;
  clientOrderId(order: { readonly clientOrderId: string | null; readonly info: unknown }): string | null;
  /** Resolves with orders as soon as the exchange pushes some. */
  watchOrders(exchange: Exchange): Promise<readonly { readonly symbol?: string | undefined }[]>;
  armDeadManSwitch(exchange: Exchange, ms: number): Promise<void>;
  rights(exchange: Exchange): Promise<KeyRights>;
}

export interface SearchDialect {
  /** Ids in one question. */
  readonly most: number;
  /** One request. */
  search(exchange: Exchange, id: string): Promise<unknown[]>;
  /** Puts all ids into that request. */
  complete(params: Record<string, unknown>, ids: readonly string[]): void;
}

/** A market as ccxt tells it, exact; its fees are those published: what the account really pays is asked for apart. */
export interface MarketTerms extends VenueMarket {
  /** A stop becomes a limit order that lies this far below it; null where it becomes a market order. Ratio. */
  readonly stopBand: number | null;
  /** The exchange's own description. */
  readonly info: unknown;
}

export interface OrderCall {
  readonly type: 'market' | 'limit';
  readonly amount: string;
  readonly price: string | undefined;
  readonly params: Readonly<Record<string, unknown>>;
  /** What must be found on the wire. */
  readonly expected: SentOrder;
}

export interface SentOrder {
  readonly clientOrderId: string | null;
  readonly quantity: string | null;
  readonly limitPrice: string | null;
  readonly stopPrice: string | null;
}

export interface Refusal {
  readonly kind: VenueErrorKind;
  readonly certainty: Certainty;
  /** The exchange's own words. */
  readonly text: string;
}
