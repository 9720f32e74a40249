import type { Exchange } from 'ccxt';
import { z } from 'zod';
import type { OrderName, OrderRequest } from '../venue.ts';
import { below } from './below.ts';
import type { Dialect, MarketTerms, OrderCall, Refusal, SentOrder } from './dialect.ts';

const OrderInfo = z.object({ status: z.string() });
const Cursor = z.object({ info: z.object({ cursor: z.string().min(1) }) });
const TradeInfo = z.object({ info: z.object({ trade_type: z.literal('FILL').optional() }) });
const RefusedOrder = z.object({
  error_response: z.object({
    error: z.string().nullish(),
    message: z.string().nullish(),
    error_details: z.string().nullish(),
    preview_failure_reason: z.string().nullish(),
    new_order_failure_reason: z.string().nullish(),
  }),
});
const Refused = z.object({ error: z.string(), message: z.string().nullish(), error_details: z.string().nullish() });
const RefusedCancel = z.object({
  results: z.array(z.object({ success: z.boolean(), failure_reason: z.string().nullish() })).min(1),
});
const Permissions = z.object({ can_trade: z.boolean(), can_transfer: z.boolean() });
const Time = z.object({ epochMillis: z.coerce.number() });
const Sent = z.object({
  client_order_id: z.string(),
  order_configuration: z.record(
    z.string(),
    z.object({ base_size: z.string().optional(), limit_price: z.string().optional(), stop_price: z.string().optional() }),
  ),
});

/** It has no stop that becomes a market order: what its stops become is a limit order so far below. */
const stopBand = 0.05;
const slackMs = 3_600_000;
const maxPages = 200;

const states: Readonly<Record<string, string>> = {
  PENDING: 'open',
  OPEN: 'open',
  QUEUED: 'open',
  CANCEL_QUEUED: 'open',
  EDIT_QUEUED: 'open',
  FILLED: 'closed',
  CANCELLED: 'canceled',
  EXPIRED: 'expired',
  FAILED: 'rejected',
};

export const coinbase: Dialect = {
  id: 'coinbase',
  features: { hasDeadManSwitch: false, deadManTakesStops: false, hasStopOrders: true },
  options: {
    createOrder: { createMarketBuyOrderRequiresPrice: false },
    // The older list, which ccxt asks for by itself, leaves out what open orders hold.
    fetchBalance: 'v3PrivateGetBrokerageAccounts',
  },
  wantsRisingNonces: false,
  urgentPaths: /^brokerage\/orders(\/batch_cancel)?$/,
  burst: 10,
  limitsPublicApart: false,
  hasTradesOfAll: true,
  searchTogether: null,
  clockResolutionMs: 0,

  terms: (market: MarketTerms): MarketTerms => ({ ...market, stopBand }),

  /** The configuration is ours: ccxt would take a purchase's quantity for the money to spend. */
  order({ clientOrderId, kind, side, quantity, limitPrice, stopPrice }: OrderRequest, { tickSize }: MarketTerms): OrderCall {
    const base_size = quantity.toFixed();
    const price = (stopPrice === null ? limitPrice : below(stopPrice, stopBand, tickSize))?.toFixed();
    const stop = stopPrice?.toFixed();
    const configuration = {
      market: { market_market_ioc: { base_size } },
      limit: { limit_limit_gtc: { base_size, limit_price: price, post_only: false } },
      'limit-ioc': { sor_limit_ioc: { base_size, limit_price: price } },
      stop: {
        stop_limit_stop_limit_gtc: {
          base_size,
          limit_price: price,
          stop_price: stop,
          stop_direction: side === 'sell' ? 'STOP_DIRECTION_STOP_DOWN' : 'STOP_DIRECTION_STOP_UP',
        },
      },
    }[kind];
    return {
      type: price === undefined ? 'market' : 'limit',
      amount: base_size,
      price,
      // `clientOrderId` is dropped by ccxt here, and a name of its own put in its place.
      params: { client_order_id: clientOrderId, order_configuration: configuration },
      expected: { clientOrderId, quantity: base_size, limitPrice: price ?? null, stopPrice: stop ?? null },
    };
  },

  sent(_url: string, body: string): SentOrder {
    const { client_order_id, order_configuration } = Sent.parse(JSON.parse(body));
    const [configuration] = Object.values(order_configuration);
    return {
      clientOrderId: client_order_id,
      quantity: configuration?.base_size ?? null,
      limitPrice: configuration?.limit_price ?? null,
      stopPrice: configuration?.stop_price ?? null,
    };
  },

  refusal(status: number, body: unknown): Refusal | null {
    const order = RefusedOrder.safeParse(body);
    if (order.success) {
      const text = Object.values(order.data.error_response).filter(Boolean).join(', ');
      return { kind: meaningOf(status, text), certainty: 'refused', text };
    }
    const cancel = RefusedCancel.safeParse(body);
    const failed = cancel.success ? cancel.data.results.find(({ success }) => !success) : undefined;
    if (failed !== undefined) {
      const text = failed.failure_reason ?? '';
      const isOver = /UNKNOWN_CANCEL_ORDER|FULLY_FILLED|DUPLICATE_CANCEL|ORDER_NOT_FOUND/.test(text);
      return { kind: isOver ? 'no-such-order' : 'other', certainty: 'refused', text };
    }
    const refused = Refused.safeParse(body);
    if (!refused.success) return null;
    const text = Object.values(refused.data).filter(Boolean).join(', ');
    if (status >= 500) return { kind: 'maintenance', certainty: 'unknown', text };
    return { kind: meaningOf(status, text), certainty: 'refused', text };
  },

  fees: async (exchange: Exchange, symbols: readonly string[]) => {
    const rates = await exchange.fetchTradingFees({ type: 'spot' });
    return symbols.flatMap((symbol) => rates[symbol] ?? []);
  },

  async balances(exchange: Exchange): Promise<unknown[]> {
    const balances: unknown[] = [];
    let params: Record<string, unknown> = {};
    for (let page = 0; page < maxPages; page++) {
      const answer = await exchange.fetchBalance({ ...params });
      balances.push(answer);
      const cursor = Cursor.safeParse(answer).data?.info.cursor;
      if (cursor === undefined || cursor === params.cursor) return balances;
      params = { cursor };
    }
    throw new Error(`more than ${maxPages} pages of balances`);
  },

  assetOf: (asset) => asset,
  async tickers(exchange: Exchange, symbols: readonly string[]): Promise<unknown[]> {
    const tickers: unknown[] = [];
    // ccxt's time is that of the last trade; of its best prices the exchange does not say one.
    for (const symbol of symbols) tickers.push({ ...(await exchange.fetchTicker(symbol)), timestamp: undefined });
    return tickers;
  },

  // ccxt would tell whole seconds.
  serverTime: async (exchange: Exchange) => Time.parse(await exchange.v3PublicGetBrokerageTime()).epochMillis,

  async cancel(exchange: Exchange, order: OrderName): Promise<void> {
    const id = order.venueOrderId ?? ofName(await searchLists(exchange, order), order.clientOrderId);
    if (id !== null) await exchange.cancelOrder(id, order.symbol);
  },

  async search(exchange: Exchange, order: OrderName): Promise<unknown[]> {
    if (order.venueOrderId !== null) return [await exchange.fetchOrder(order.venueOrderId, order.symbol)];
    return await searchLists(exchange, order);
  },

  openOrders: (exchange: Exchange) => pages((cursor) => exchange.fetchOpenOrders(undefined, undefined, 100, cursor)),

  async trades(exchange: Exchange, _symbols: readonly string[], since: number): Promise<unknown[]> {
    const trades = await pages((cursor) => exchange.fetchMyTrades(undefined, since, 100, cursor));
    // Corrections and reversals are no fills; what they change shows in the balance.
    return trades.filter((trade) => TradeInfo.safeParse(trade).success);
  },

  // ccxt calls an expired order and a failed one cancelled.
  state: ({ info }) => states[OrderInfo.safeParse(info).data?.status ?? ''] ?? null,
  clientOrderId: ({ clientOrderId }) => clientOrderId,

  /** With a heartbeat: Coinbase closes a stream over which nothing comes for a minute. */
  watchOrders(exchange: Exchange) {
    const { subscribe } = exchange as Exchange & { subscribe(channel: string, isPrivate: boolean): Promise<unknown> };
    // It ends with the stream, of which the orders tell.
    subscribe.call(exchange, 'heartbeats', false).catch(() => undefined);
    return exchange.watchOrders();
  },

  armDeadManSwitch: async () => {
    throw new Error('Coinbase has no dead-man switch');
  },

  async rights(exchange: Exchange) {
    const { can_trade, can_transfer } = Permissions.parse(await exchange.v3PrivateGetBrokerageKeyPermissions());
    return { canTrade: can_trade, canWithdraw: can_transfer };
  },
};

/** It cannot be asked by our name: the open orders and those made since are looked through. */
async function searchLists(exchange: Exchange, { symbol, sentAt, clientOrderId }: OrderName): Promise<unknown[]> {
  const open = await pages((cursor) => exchange.fetchOpenOrders(symbol, undefined, 100, cursor));
  if (ofName(open, clientOrderId) !== null) return open;
  return await pages((cursor) => exchange.fetchOrders(symbol, Math.max(0, sentAt - slackMs), 100, cursor));
}

const Named = z.object({ id: z.string(), clientOrderId: z.string().nullish() });

function ofName(orders: readonly unknown[], clientOrderId: string): string | null {
  for (const order of orders) {
    const named = Named.safeParse(order).data;
    if (named?.clientOrderId === clientOrderId) return named.id;
  }
  return null;
}

/** All pages of a list. ccxt puts the cursor to the next one into whichever entry came first, and sorts afterwards. */
async function pages(ask: (params: Record<string, unknown>) => Promise<readonly unknown[]>): Promise<unknown[]> {
  const entries: unknown[] = [];
  let params: Record<string, unknown> = {};
  for (let page = 0; page < maxPages; page++) {
    const answer = await ask(params);
    entries.push(...answer);
    const cursor = answer.map((entry) => Cursor.safeParse(entry).data?.info.cursor).find((found) => found !== undefined);
    if (cursor === undefined || cursor === params.cursor) return entries;
    params = { cursor };
  }
  throw new Error(`more than ${maxPages} pages`);
}

function meaningOf(status: number, text: string): Refusal['kind'] {
  if (/INSUFFICIENT/i.test(text)) return 'insufficient-funds';
  if (/DUPLICATE/i.test(text)) return 'duplicate';
  if (/NOT_FOUND/i.test(text)) return 'no-such-order';
  if (status === 429 || /rate.?limit/i.test(text)) return 'rate-limit';
  if (/timestamp|expired/i.test(text) && status === 401) return 'clock';
  if (status === 401 || status === 403 || /UNAUTHENTICATED|PERMISSION|UNAUTHORIZED/i.test(text)) return 'permission';
  if (/TRADING_DISABLED|PRODUCT_.*DISABLED|CANCEL_ONLY|POST_ONLY_MODE|VIEW_ONLY/i.test(text)) return 'maintenance';
  return 'invalid-order';
}
