import { Big } from 'big.js';
import type { ApiKey, House } from '#engine/venues/rehearsal/dialect.ts';
import type { ExchangeOrder, ListedMarket, NewOrder } from '#engine/venues/rehearsal/exchange-types.ts';
import { balanceRow } from './public-answers.ts';
import { BinanceRefusal, missing } from './refusal.ts';
import { clientIdOf, marketById, marketId, marketOf, orderCore, orderRow, placedRow, tradeRow } from './rows.ts';

type Answer = (house: House, key: ApiKey, params: URLSearchParams) => unknown;

const dayMs = 86_400_000;

/** What the owner of a key may ask and do, by method and path below `/api/v3/`, or from `/sapi/` on. */
export const privateAnswers: Readonly<Record<string, Answer>> = {
  'GET account': (house, key) => {
    const market = house.exchange.markets()[0]!;
    const rate = (value: number) => value.toFixed(8);
    return {
      makerCommission: Math.round(market.makerFeeRate * 10_000),
      takerCommission: Math.round(market.takerFeeRate * 10_000),
      buyerCommission: 0,
      sellerCommission: 0,
      commissionRates: { maker: rate(market.makerFeeRate), taker: rate(market.takerFeeRate), buyer: rate(0), seller: rate(0) },
      canTrade: key.canTrade,
      canWithdraw: key.canWithdraw,
      canDeposit: true,
      brokered: false,
      requireSelfTradePrevention: false,
      preventSor: false,
      updateTime: house.now(),
      accountType: 'SPOT',
      balances: [...house.exchange.balances(key.account)].map(([asset, balance]) => balanceRow(asset, balance)),
      permissions: ['SPOT'],
      uid: 1,
    };
  },

  'GET sapi/v1/account/apiRestrictions': (house, key) => ({
    ipRestrict: false,
    createTime: house.now(),
    enableReading: true,
    enableWithdrawals: key.canWithdraw,
    enableInternalTransfer: false,
    enableMargin: false,
    enableFutures: false,
    permitsUniversalTransfer: false,
    enableVanillaOptions: false,
    enableFixApiTrade: false,
    enableFixReadOnly: false,
    enableSpotAndMarginTrading: key.canTrade,
    enablePortfolioMarginTrading: false,
  }),

  'GET sapi/v1/asset/tradeFee': (house, _key, params) => {
    const markets = params.has('symbol') ? [marketById(house.exchange, params.get('symbol'))] : house.exchange.markets();
    return markets.map((market) => ({
      symbol: marketId(market),
      makerCommission: String(market.makerFeeRate),
      takerCommission: String(market.takerFeeRate),
    }));
  },

  'POST order': (house, key, params) => {
    demandTrading(key);
    const order = house.exchange.place(key.account, orderOf(house, params));
    const fills = house.exchange.fills(key.account).filter((fill) => fill.orderNumber === order.number);
    return placedRow(order, marketOf(house.exchange, order.symbol), fills);
  },

  'POST order/test': (house, key, params) => {
    demandTrading(key);
    orderOf(house, params);
    return {};
  },

  'GET order': (house, key, params) => {
    const order = namedOrder(house, key, params);
    if (order === null) throw new BinanceRefusal(-2013, 'Order does not exist.');
    return orderRow(order, marketOf(house.exchange, order.symbol));
  },

  'DELETE order': (house, key, params) => {
    demandTrading(key);
    const order = namedOrder(house, key, params);
    if (order === null) throw new BinanceRefusal(-2011, 'Unknown order sent.');
    return cancelledRow(house, house.exchange.cancel(key.account, order.number));
  },

  'GET openOrders': (house, key, params) => {
    const symbol = params.has('symbol') ? marketById(house.exchange, params.get('symbol')).symbol : null;
    const orders = house.exchange.openOrders(key.account).filter((order) => symbol === null || order.symbol === symbol);
    return orders.map((order) => orderRow(order, marketOf(house.exchange, order.symbol)));
  },

  'DELETE openOrders': (house, key, params) => {
    demandTrading(key);
    const { symbol } = marketById(house.exchange, params.get('symbol'));
    const orders = house.exchange.openOrders(key.account).filter((order) => order.symbol === symbol);
    if (orders.length === 0) throw new BinanceRefusal(-2011, 'Unknown order sent.');
    return orders.map((order) => cancelledRow(house, house.exchange.cancel(key.account, order.number)));
  },

  'GET allOrders': (house, key, params) => {
    const market = marketById(house.exchange, params.get('symbol'));
    const orders = house.exchange.orders(key.account).filter((order) => order.symbol === market.symbol);
    const rows = slice(
      orders,
      params,
      'orderId',
      ({ number }) => number,
      ({ createdAt }) => createdAt,
    );
    return rows.map((order) => orderRow(order, market));
  },

  'GET myTrades': (house, key, params) => {
    const market = marketById(house.exchange, params.get('symbol'));
    const orderId = params.get('orderId');
    const fills = house.exchange
      .fills(key.account)
      .filter((fill) => fill.symbol === market.symbol && (orderId === null || fill.orderNumber === Number(orderId)));
    return slice(
      fills,
      params,
      'fromId',
      ({ number }) => number,
      ({ time }) => time,
    ).map((fill) => tradeRow(fill, market));
  },
};

function demandTrading(key: ApiKey): void {
  if (!key.canTrade) throw new BinanceRefusal(-2015, 'Invalid API-key, IP, or permissions for action.', 401);
}

function cancelledRow(house: House, order: ExchangeOrder): unknown {
  return {
    ...orderCore(order, marketOf(house.exchange, order.symbol)),
    origClientOrderId: clientIdOf(order),
    clientOrderId: `cancel_${order.number}`,
    transactTime: order.endedAt,
  };
}

/** By `orderId`, or else `origClientOrderId`: the newest that had it. */
function namedOrder(house: House, key: ApiKey, params: URLSearchParams): ExchangeOrder | null {
  const market = marketById(house.exchange, params.get('symbol'));
  const [orderId, clientId] = [params.get('orderId'), params.get('origClientOrderId')];
  if (orderId === null && clientId === null) {
    throw new BinanceRefusal(-1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!");
  }
  if (orderId !== null && !/^\d+$/.test(orderId)) throw missing('orderId');
  const order =
    orderId !== null
      ? house.exchange.order(key.account, Number(orderId))
      : (house.exchange.orders(key.account).findLast((each) => clientIdOf(each) === clientId) ?? null);
  return order?.symbol === market.symbol ? order : null;
}

/** From an id or a time on the oldest first `limit`; without either the newest. No span is longer than a day. */
function slice<T>(
  rows: readonly T[],
  params: URLSearchParams,
  idName: 'orderId' | 'fromId',
  idOf: (row: T) => number,
  timeOf: (row: T) => number,
): readonly T[] {
  const limit = Math.min(1000, Number(params.get('limit') ?? '500'));
  const id = params.get(idName);
  const [start, end] = [params.get('startTime'), params.get('endTime')].map((text) => (text === null ? null : Number(text)));
  if (start != null && end != null && end - start > dayMs) {
    throw new BinanceRefusal(-1127, 'More than 24 hours between startTime and endTime.');
  }
  const found = rows.filter(
    (row) => (id === null || idOf(row) >= Number(id)) && timeOf(row) >= (start ?? 0) && timeOf(row) <= (end ?? Number.MAX_VALUE),
  );
  return id === null && start == null ? found.slice(-limit) : found.slice(0, limit);
}

function orderOf(house: House, params: URLSearchParams): NewOrder {
  const market: ListedMarket = marketById(house.exchange, params.get('symbol'));
  const side = params.get('side');
  const type = params.get('type');
  if (side !== 'BUY' && side !== 'SELL') throw new BinanceRefusal(-1117, 'Invalid side.');
  if (type !== 'MARKET' && type !== 'LIMIT' && type !== 'STOP_LOSS' && type !== 'STOP_LOSS_LIMIT') {
    throw new BinanceRefusal(-1116, 'Invalid orderType.');
  }
  if (params.has('quoteOrderQty')) throw new BinanceRefusal(-1106, "Parameter 'quoteOrderQty' sent when not required.");
  const hasLimit = type === 'LIMIT' || type === 'STOP_LOSS_LIMIT';
  const timeInForce = params.get('timeInForce');
  if (hasLimit && timeInForce === null) throw missing('timeInForce');
  const isIoc = timeInForce === 'IOC' && type === 'LIMIT';
  if (hasLimit && timeInForce !== 'GTC' && !isIoc) throw new BinanceRefusal(-1115, 'Invalid timeInForce.');
  return {
    clientOrderId: params.get('newClientOrderId'),
    symbol: market.symbol,
    side: side === 'BUY' ? 'buy' : 'sell',
    kind: type === 'MARKET' ? 'market' : type === 'LIMIT' ? (isIoc ? 'limit-ioc' : 'limit') : 'stop',
    quantity: decimal(params, 'quantity'),
    limitPrice: hasLimit ? decimal(params, 'price') : null,
    stopPrice: type.startsWith('STOP') ? decimal(params, 'stopPrice') : null,
  };
}

function decimal(params: URLSearchParams, name: string): Big {
  const text = params.get(name) ?? '';
  if (!/^\d{1,20}(\.\d{1,20})?$/.test(text)) throw missing(name);
  return new Big(text);
}
