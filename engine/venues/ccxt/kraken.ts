import { Big } from 'big.js';
import type { Exchange } from 'ccxt';
import { z } from 'zod';
import type { OrderName, OrderRequest } from '../venue.ts';
import type { Dialect, MarketTerms, OrderCall, Refusal, SentOrder } from './dialect.ts';
import { Decimal } from './parse-answers.ts';

const PairInfo = z.object({ tick_size: z.string().optional(), status: z.string().optional() });
const AssetInfo = z.object({ precision: Decimal.nullish() });
const OrderInfo = z.object({ cl_ord_id: z.string().nullish() });
const Refused = z.object({ error: z.array(z.string()).min(1), result: z.unknown().optional() });
const Tickers = z.object({ result: z.record(z.string(), z.record(z.string(), z.unknown())) });
const KeyInfo = z.object({ result: z.object({ permissions: z.array(z.string()).min(1) }) });

/** What it says, by its own documentation of errors, and what it means for the order. First match. */
const meanings: readonly (readonly [pattern: RegExp, kind: Refusal['kind'], certainty: Refusal['certainty']])[] = [
  [/^EOrder:.*Insufficient/i, 'insufficient-funds', 'refused'],
  [/Invalid nonce/i, 'nonce', 'refused'],
  [/Rate limit|Too many requests|Temporary lockout|Throttled/i, 'rate-limit', 'refused'],
  // Orders have stood in its book after these two.
  [/^EService:(Unavailable|Busy|Timeout)|Internal error/i, 'maintenance', 'unknown'],
  // Its own queue was too long, or our clock is wrong: neither says anything of the order itself.
  [/^EService:Market in|deadline|cancel_only|post_only|limit_only/i, 'maintenance', 'refused'],
  [/cl_?ord_?id.*(duplicate|exists|in use)|duplicate.*cl_?ord_?id/i, 'duplicate', 'refused'],
  [/^EOrder:Unknown order/i, 'no-such-order', 'refused'],
  [/Invalid key|Invalid signature|Permission denied|User Locked|^EAccount|^ESession/i, 'permission', 'refused'],
  [/^(EOrder|EQuery|ETrade|EGeneral:Invalid arguments)/i, 'invalid-order', 'refused'],
];

const unheardOf = [/./, 'other', 'unknown'] as const;

/** How far our clock and the exchange's may be apart when orders are looked for by their time. */
const slackMs = 3_600_000;
/** Trades a page of its history holds. */
const pageTrades = 50;
const maxPages = 200;

/** Money is kept in four decimals, most coins in eight or ten, whatever the tick of a market is. */
function unitOf(exchange: Exchange, asset: string): Big | null {
  return AssetInfo.parse(exchange.currencies?.[asset] ?? {}).precision ?? null;
}

export const kraken: Dialect = {
  id: 'kraken',
  features: { hasDeadManSwitch: true, deadManTakesStops: true, hasStopOrders: true },
  options: {},
  wantsRisingNonces: true,
  urgentPaths: /^(AddOrder|CancelOrder)$/,
  // Its counter takes 15 questions of a cost of three, by its lowest tier, and forgets one in three seconds.
  burst: 40,
  limitsPublicApart: true,
  hasTradesOfAll: true,
  clockResolutionMs: 1_000,

  terms(market: MarketTerms, exchange: Exchange): MarketTerms {
    const { tick_size: tick, status } = PairInfo.parse(market.info);
    const baseUnit = unitOf(exchange, market.base);
    const quoteUnit = unitOf(exchange, market.quote);
    // ccxt takes the digits of a price for its step; the step itself may be coarser.
    return {
      ...market,
      tickSize: tick === undefined ? market.tickSize : new Big(tick),
      isActive: status === undefined ? market.isActive : status === 'online',
      ...(baseUnit === null ? {} : { baseUnit }),
      ...(quoteUnit === null ? {} : { quoteUnit }),
    };
  },

  order(
    { clientOrderId, kind, quantity, limitPrice, stopPrice }: OrderRequest,
    _terms: MarketTerms,
    deadline: number,
  ): OrderCall {
    const amount = quantity.toFixed();
    const price = limitPrice?.toFixed();
    const stop = stopPrice?.toFixed();
    return {
      type: kind === 'limit' || kind === 'limit-ioc' ? 'limit' : 'market',
      amount,
      price,
      params: {
        clientOrderId,
        // Without it a sale's fee is taken in the base asset, and its history would not say so.
        oflags: 'fciq',
        // Without it an order may wait in its queue for a minute, and be taken after another one was sent in its place.
        deadline: new Date(deadline).toISOString().replace(/\.\d+Z$/, 'Z'),
        ...(kind === 'limit-ioc' ? { timeInForce: 'IOC' } : {}),
        ...(stop === undefined ? {} : { stopLossPrice: stop }),
      },
      expected: { clientOrderId, quantity: amount, limitPrice: price ?? null, stopPrice: stop ?? null },
    };
  },

  sent(_url: string, body: string): SentOrder {
    const sent = new URLSearchParams(body);
    const isStop = sent.get('ordertype') === 'stop-loss';
    return {
      clientOrderId: sent.get('cl_ord_id'),
      quantity: sent.get('volume'),
      limitPrice: isStop ? null : sent.get('price'),
      stopPrice: isStop ? sent.get('price') : null,
    };
  },

  /** What it says for the first time may stand beside an order that it has taken, and so may a warning: then the order is asked for. */
  refusal(_status: number, body: unknown): Refusal | null {
    const refused = Refused.safeParse(body);
    if (!refused.success) return null;
    const { error: errors, result } = refused.data;
    const [, kind, certainty] = meanings.find(([pattern]) => errors.some((error) => pattern.test(error))) ?? unheardOf;
    return { kind, certainty: isEmpty(result) ? certainty : 'unknown', text: errors.join(', ') };
  },

  /** All in one question: ccxt asks for one market at a time, and each counts. */
  async fees(exchange: Exchange, symbols: readonly string[]): Promise<unknown[]> {
    if (symbols.length === 0) return [];
    const markets = symbols.map((symbol) => exchange.market(symbol));
    const answer = await exchange.privatePostTradeVolume({ pair: markets.map(({ id }) => id).join(','), 'fee-info': true });
    return markets.map((market) => exchange.parseTradingFee(answer.result, market));
  },

  balances: async (exchange: Exchange) => [await exchange.fetchBalance()],
  // What earns rewards by itself can be spent like the rest.
  assetOf: (asset) => asset.replace(/\.F$/, ''),

  /** Also of markets that take no orders now, which ccxt leaves out of its question: what is held of them has a price all the same. */
  async tickers(exchange: Exchange, symbols: readonly string[]): Promise<unknown[]> {
    const ids = new Map(symbols.map((symbol) => [exchange.marketId(symbol), symbol]));
    const { result } = Tickers.parse(await exchange.publicGetTicker({ pair: [...ids.keys()].join(',') }));
    const told = Object.entries(result).flatMap(([id, ticker]) => (ids.has(id) ? [[ids.get(id)!, ticker] as const] : []));
    return told.map(([symbol, ticker]) => exchange.parseTicker(ticker, exchange.market(symbol)));
  },

  serverTime: (exchange: Exchange) => exchange.fetchTime(),

  async cancel(exchange: Exchange, { clientOrderId, venueOrderId, symbol }: OrderName): Promise<void> {
    if (venueOrderId === null) await exchange.cancelOrder('', symbol, { clientOrderId });
    else await exchange.cancelOrder(venueOrderId, symbol);
  },

  /**
   * By its own id the order itself. By ours, the lists of open and then of closed orders: ccxt's `fetchOrder` would send our id
   * as another one, which the exchange passes over. Open first, for an order that ends in between is in the second list.
   */
  async search(exchange: Exchange, { clientOrderId, venueOrderId, symbol, sentAt }: OrderName): Promise<unknown[]> {
    if (venueOrderId !== null) return [await exchange.fetchOrder(venueOrderId, symbol)];
    const open = await exchange.fetchOpenOrders(undefined, undefined, undefined, { clientOrderId });
    if (open.length > 0) return open;
    return await exchange.fetchClosedOrders(undefined, Math.max(0, sentAt - slackMs), undefined, { clientOrderId });
  },

  searchTogether: {
    most: 20,
    search: (exchange: Exchange, id: string) => exchange.fetchOrdersByIds([id]),
    complete: (params, ids) => {
      params.txid = ids.join(',');
    },
  },

  openOrders: (exchange: Exchange) => exchange.fetchOpenOrders(),

  /** Newest first, by offset: a trade that comes in between shifts the rest into the next page, so that one is seen twice and none left out. */
  async trades(exchange: Exchange, _symbols: readonly string[], since: number): Promise<unknown[]> {
    const trades = new Map<string, unknown>();
    // Its `start` is in whole seconds, and leaves that moment itself out.
    const start = Math.max(0, Math.floor(since / 1000) * 1000 - 1000);
    for (let page = 0, offset = 0; page < maxPages; page++) {
      const before = trades.size;
      const answer = await exchange.fetchMyTrades(undefined, start, undefined, offset === 0 ? {} : { ofs: offset });
      for (const trade of answer) trades.set(String(trade.id), trade);
      offset += answer.length;
      if (answer.length < pageTrades || trades.size === before) return [...trades.values()];
    }
    throw new Error(`more than ${maxPages * pageTrades} trades since ${new Date(since).toISOString()}`);
  },

  state: ({ status }) => status,
  // ccxt puts Kraken's `userref`, a number of everybody's, where there is no id of a client.
  clientOrderId: ({ info }) => OrderInfo.safeParse(info).data?.cl_ord_id ?? null,

  watchOrders: (exchange: Exchange) => exchange.watchOrders(),

  /** Rounded up to its whole seconds: ccxt rounds down, and 0 would switch it off. */
  async armDeadManSwitch(exchange: Exchange, ms: number): Promise<void> {
    await exchange.cancelAllOrdersAfter(Math.ceil(ms / 1000) * 1000);
  },

  async rights(exchange: Exchange) {
    const { permissions } = KeyInfo.parse(await exchange.privatePostGetApiKeyInfo()).result;
    const has = (pattern: RegExp) => permissions.some((permission) => pattern.test(permission));
    return { canTrade: has(/modify.*(trade|order)|(create|add).*order/i), canWithdraw: has(/withdraw/i) };
  },
};

function isEmpty(result: unknown): boolean {
  return typeof result !== 'object' || result === null || Object.keys(result).length === 0;
}
