import { Big } from 'big.js';
import type { Exchange } from '#engine/venues/rehearsal/exchange.ts';
import type { ExchangeFill, ExchangeOrder, ListedMarket } from '#engine/venues/rehearsal/exchange-types.ts';
import type { PathBar } from '#engine/venues/rehearsal/price-path.ts';
import { BinanceRefusal } from './refusal.ts';

const digits = 8;

/** Eight digits, and as many more as it takes to lose nothing. */
export function amount(value: Big): string {
  const short = value.toFixed(digits);
  return value.eq(short) ? short : value.toFixed();
}

export function marketId({ base, quote }: ListedMarket): string {
  return base + quote;
}

/** @throws BinanceRefusal -1121 */
export function marketById(exchange: Exchange, id: string | null): ListedMarket {
  const market = exchange.markets().find((each) => marketId(each) === id);
  if (market === undefined) throw new BinanceRefusal(-1121, 'Invalid symbol.');
  return market;
}

export function marketOf(exchange: Exchange, symbol: string): ListedMarket {
  return exchange.markets().find((market) => market.symbol === symbol)!;
}

export function orderType({ kind, limitPrice }: ExchangeOrder): string {
  if (kind === 'stop') return limitPrice === null ? 'STOP_LOSS' : 'STOP_LOSS_LIMIT';
  return kind === 'market' ? 'MARKET' : 'LIMIT';
}

export function orderStatus({ state, filled }: ExchangeOrder): string {
  switch (state) {
    case 'open':
      return filled.gt(0) ? 'PARTIALLY_FILLED' : 'NEW';
    case 'filled':
      return 'FILLED';
    case 'cancelled':
      return 'CANCELED';
    case 'expired':
      return 'EXPIRED';
  }
}

/** An order that was made without an id has one all the same. */
export function clientIdOf(order: ExchangeOrder): string {
  return order.clientOrderId ?? `web_${order.number}`;
}

/** What every answer about an order has. */
export function orderCore(order: ExchangeOrder, market: ListedMarket): Record<string, unknown> {
  return {
    symbol: marketId(market),
    orderId: order.number,
    orderListId: -1,
    clientOrderId: clientIdOf(order),
    price: amount(order.limitPrice ?? new Big(0)),
    origQty: amount(order.quantity),
    executedQty: amount(order.filled),
    origQuoteOrderQty: '0.00000000',
    cummulativeQuoteQty: amount(order.cost),
    status: orderStatus(order),
    timeInForce: order.kind === 'limit-ioc' ? 'IOC' : 'GTC',
    type: orderType(order),
    side: order.side.toUpperCase(),
    ...(order.stopPrice === null ? {} : { stopPrice: amount(order.stopPrice) }),
    selfTradePreventionMode: 'EXPIRE_MAKER',
  };
}

/** An order as it is asked for. */
export function orderRow(order: ExchangeOrder, market: ListedMarket): Record<string, unknown> {
  return {
    ...orderCore(order, market),
    stopPrice: amount(order.stopPrice ?? new Big(0)),
    icebergQty: '0.00000000',
    time: order.createdAt,
    updateTime: order.endedAt ?? order.triggeredAt ?? order.createdAt,
    isWorking: order.kind !== 'stop' || order.triggeredAt !== null,
    workingTime: order.createdAt,
  };
}

/** An order as it is answered when it was sent, with what it was filled with at once. */
export function placedRow(order: ExchangeOrder, market: ListedMarket, fills: readonly ExchangeFill[]): Record<string, unknown> {
  return {
    ...orderCore(order, market),
    transactTime: order.createdAt,
    workingTime: order.createdAt,
    fills: fills.map((fill) => ({
      price: amount(fill.price),
      qty: amount(fill.quantity),
      ...commission(fill),
      tradeId: fill.number,
    })),
  };
}

export function tradeRow(fill: ExchangeFill, market: ListedMarket): Record<string, unknown> {
  return {
    symbol: marketId(market),
    id: fill.number,
    orderId: fill.orderNumber,
    orderListId: -1,
    price: amount(fill.price),
    qty: amount(fill.quantity),
    quoteQty: amount(fill.quantity.times(fill.price)),
    ...commission(fill),
    time: fill.time,
    isBuyer: fill.side === 'buy',
    isMaker: fill.isMaker,
    isBestMatch: true,
  };
}

/** A trade of Binance's has one fee. */
function commission({ fees }: ExchangeFill): { commission: string; commissionAsset: string | null } {
  const [fee] = fees;
  return { commission: amount(fee?.amount ?? new Big(0)), commissionAsset: fee?.asset ?? null };
}

/** What an order did, as the user's stream says it. */
export function executionReport(
  order: ExchangeOrder,
  market: ListedMarket,
  fill: ExchangeFill | null,
  time: number,
): Record<string, unknown> {
  const isCancelled = order.state === 'cancelled' && fill === null;
  const execution = fill !== null ? 'TRADE' : order.state === 'open' ? 'NEW' : orderStatus(order);
  const said = fill === null ? { commission: '0', commissionAsset: null } : commission(fill);
  return {
    e: 'executionReport',
    E: time,
    s: marketId(market),
    c: isCancelled ? `cancel_${order.number}` : clientIdOf(order),
    S: order.side.toUpperCase(),
    o: orderType(order),
    f: order.kind === 'limit-ioc' ? 'IOC' : 'GTC',
    q: amount(order.quantity),
    p: amount(order.limitPrice ?? new Big(0)),
    P: amount(order.stopPrice ?? new Big(0)),
    F: '0.00000000',
    g: -1,
    C: isCancelled ? clientIdOf(order) : '',
    x: execution,
    X: orderStatus(order),
    r: 'NONE',
    i: order.number,
    l: amount(fill?.quantity ?? new Big(0)),
    z: amount(order.filled),
    L: amount(fill?.price ?? new Big(0)),
    n: said.commission,
    N: said.commissionAsset,
    T: time,
    t: fill?.number ?? -1,
    I: order.number * 2,
    w: order.state === 'open',
    m: fill?.isMaker ?? false,
    M: false,
    O: order.createdAt,
    Z: amount(order.cost),
    Y: amount(fill === null ? new Big(0) : fill.quantity.times(fill.price)),
    Q: '0.00000000',
    W: order.createdAt,
    V: 'EXPIRE_MAKER',
  };
}

/** Turnover of a bar in the quote asset, which candles do not tell: at the middle of its prices. */
export function turnover(bar: PathBar): number {
  return bar.volume * ((bar.open + bar.high + bar.low + bar.close) / 4);
}
