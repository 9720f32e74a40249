import { Big } from 'big.js';
import type { Exchange } from 'ccxt';
import { z } from 'zod';
import { exchangeOptions } from '#engine/candles/exchange-addresses.ts';
import type { OrderName, OrderRequest } from '../venue.ts';
import { below } from './below.ts';
import type { Dialect, MarketTerms, OrderCall, Refusal, SentOrder } from './dialect.ts';

const SymbolInfo = z.object({
  orderTypes: z.array(z.string()),
  filters: z.array(
    z.object({
      filterType: z.string(),
      minQty: z.string().optional(),
      maxQty: z.string().optional(),
      stepSize: z.string().optional(),
    }),
  ),
});
const Refused = z.object({ code: z.int().negative(), msg: z.string() });
const Restrictions = z.object({ enableWithdrawals: z.boolean(), enableSpotAndMarginTrading: z.boolean() });

/** Where a symbol takes no stop that becomes a market order, the limit it becomes lies so far below. */
const stopBand = 0.05;
const dayMs = 86_400_000;
/** From here on, asking day by day takes more questions than all there ever was. */
const longAgoMs = 30 * dayMs;
const pageTrades = 1_000;
const maxPages = 200;

export const binance: Dialect = {
  id: 'binance',
  // Its timer to cancel all orders is for futures only.
  features: { hasDeadManSwitch: false, deadManTakesStops: false, hasStopOrders: true },
  options: {
    ...exchangeOptions.binance,
    defaultType: 'spot',
    // An order that reaches it later than this is not taken any more.
    recvWindow: 5_000,
  },
  wantsRisingNonces: false,
  urgentPaths: /^order$/,
  burst: 10,
  limitsPublicApart: false,
  hasTradesOfAll: false,
  searchTogether: null,
  clockResolutionMs: 0,

  terms(market: MarketTerms): MarketTerms {
    const { orderTypes, filters } = SymbolInfo.parse(market.info);
    // Market orders have bounds of their own. The stricter of the two hold for all: what was bought is sold at the market.
    const ofMarketOrders = filters.find(({ filterType }) => filterType === 'MARKET_LOT_SIZE');
    return {
      ...market,
      minQuantity: larger(market.minQuantity, ofMarketOrders?.minQty),
      maxQuantity: smaller(market.maxQuantity, ofMarketOrders?.maxQty),
      stepSize: larger(market.stepSize, ofMarketOrders?.stepSize),
      stopBand: orderTypes.includes('STOP_LOSS') ? null : stopBand,
    };
  },

  order({ clientOrderId, kind, quantity, limitPrice, stopPrice }: OrderRequest, terms: MarketTerms): OrderCall {
    const amount = quantity.toFixed();
    const stop = stopPrice?.toFixed();
    const price = (
      stopPrice !== null && terms.stopBand !== null ? below(stopPrice, terms.stopBand, terms.tickSize) : limitPrice
    )?.toFixed();
    return {
      type: price === undefined ? 'market' : 'limit',
      amount,
      price,
      params: {
        clientOrderId,
        ...(kind === 'limit-ioc' ? { timeInForce: 'IOC' } : {}),
        ...(stop === undefined ? {} : { stopLossPrice: stop }),
      },
      expected: { clientOrderId, quantity: amount, limitPrice: price ?? null, stopPrice: stop ?? null },
    };
  },

  sent(_url: string, body: string): SentOrder {
    const sent = new URLSearchParams(body);
    return {
      clientOrderId: sent.get('newClientOrderId'),
      quantity: sent.get('quantity'),
      limitPrice: sent.get('price'),
      stopPrice: sent.get('stopPrice'),
    };
  },

  refusal(status: number, body: unknown): Refusal | null {
    const refused = Refused.safeParse(body);
    if (!refused.success) return null;
    const { code, msg: text } = refused.data;
    // By its documentation nothing is known of an order when a server of its own failed, whatever the text says.
    if (status >= 500) return { kind: 'maintenance', certainty: 'unknown', text };
    return { ...meaningOf(code, text), text };
  },

  fees: async (exchange: Exchange, symbols: readonly string[]) => {
    const rates = await exchange.fetchTradingFees();
    return symbols.flatMap((symbol) => rates[symbol] ?? []);
  },
  balances: async (exchange: Exchange) => [await exchange.fetchBalance()],
  assetOf: (asset) => asset,
  tickers: async (exchange: Exchange, symbols: readonly string[]) => Object.values(await exchange.fetchTickers([...symbols])),
  serverTime: (exchange: Exchange) => exchange.fetchTime(),

  async cancel(exchange: Exchange, { clientOrderId, venueOrderId, symbol }: OrderName): Promise<void> {
    if (venueOrderId === null) await exchange.cancelOrder('', symbol, { clientOrderId });
    else await exchange.cancelOrder(venueOrderId, symbol);
  },

  async search(exchange: Exchange, { clientOrderId, venueOrderId, symbol }: OrderName): Promise<unknown[]> {
    if (venueOrderId === null) return [await exchange.fetchOrder('', symbol, { clientOrderId })];
    return [await exchange.fetchOrder(venueOrderId, symbol)];
  },

  async openOrders(exchange: Exchange, symbols: readonly string[]): Promise<unknown[]> {
    const orders: unknown[] = [];
    for (const symbol of symbols) orders.push(...(await exchange.fetchOpenOrders(symbol)));
    return orders;
  },

  /** Day by day, for it tells of no longer span at once; behind a full page, and when it is long ago, by number. */
  async trades(exchange: Exchange, symbols: readonly string[], since: number, now: number): Promise<unknown[]> {
    const trades: unknown[] = [];
    for (const symbol of symbols) {
      if (now - since > longAgoMs) {
        trades.push(...(await tradesBehind(exchange, symbol, '-1')));
        continue;
      }
      for (let from = since; from <= now; from += dayMs) {
        const page = await exchange.fetchMyTrades(symbol, from, pageTrades, { until: from + dayMs - 1 });
        trades.push(...page);
        if (page.length < pageTrades) continue;
        trades.push(...(await tradesBehind(exchange, symbol, String(page.at(-1)?.id))));
        break;
      }
    }
    return trades;
  },

  state: ({ status }) => (status === 'PENDING_NEW' ? 'open' : status),
  clientOrderId: ({ clientOrderId }) => clientOrderId,

  watchOrders: (exchange: Exchange) => exchange.watchOrders(),

  armDeadManSwitch: async () => {
    throw new Error('Binance has no dead-man switch for spot orders');
  },

  async rights(exchange: Exchange) {
    const { enableWithdrawals, enableSpotAndMarginTrading } = Restrictions.parse(await exchange.sapiGetAccountApiRestrictions());
    return { canTrade: enableSpotAndMarginTrading, canWithdraw: enableWithdrawals };
  },
};

async function tradesBehind(exchange: Exchange, symbol: string, id: string): Promise<unknown[]> {
  const trades: unknown[] = [];
  let last = id;
  for (let page = 0; page < maxPages; page++) {
    const answer = await exchange.fetchMyTrades(symbol, undefined, pageTrades, { fromId: String(BigInt(last) + 1n) });
    trades.push(...answer);
    if (answer.length < pageTrades) return trades;
    last = String(answer.at(-1)?.id);
  }
  throw new Error(`more than ${maxPages * pageTrades} trades of ${symbol}`);
}

/** By its documentation of error codes. */
function meaningOf(code: number, text: string): Pick<Refusal, 'kind' | 'certainty'> {
  switch (code) {
    case -1006:
    case -1007:
      return { kind: 'timeout', certainty: 'unknown' };
    case -1000:
    case -1001:
    case -1016:
      return { kind: 'maintenance', certainty: 'unknown' };
    case -1003:
    case -1008:
    case -1015:
      return { kind: 'rate-limit', certainty: 'refused' };
    case -1021:
      return { kind: 'clock', certainty: 'refused' };
    case -1002:
    case -1022:
    case -2014:
    case -2015:
      return { kind: 'permission', certainty: 'refused' };
    case -2011:
    case -2013:
      return { kind: 'no-such-order', certainty: 'refused' };
    case -2010:
      if (/duplicate/i.test(text)) return { kind: 'duplicate', certainty: 'refused' };
      if (/insufficient/i.test(text)) return { kind: 'insufficient-funds', certainty: 'refused' };
      if (/market is closed/i.test(text)) return { kind: 'maintenance', certainty: 'refused' };
      return { kind: 'invalid-order', certainty: 'refused' };
    default:
      return { kind: code <= -1100 || code === -1013 ? 'invalid-order' : 'other', certainty: 'refused' };
  }
}

function larger(one: Big, other: string | undefined): Big {
  const another = new Big(other ?? 0);
  return another.gt(one) ? another : one;
}

/** Of two bounds from above, of which 0 is none. */
function smaller(one: Big | null, other: string | undefined): Big | null {
  const another = new Big(other ?? 0);
  return another.eq(0) || (one?.gt(0) && one.lt(another)) ? one : another;
}
