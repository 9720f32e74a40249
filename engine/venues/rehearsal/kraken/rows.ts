import { Big } from 'big.js';
import type { ExchangeFill, ExchangeOrder, ListedMarket } from '#engine/venues/rehearsal/exchange-types.ts';
import { decimalsOf } from '#engine/venues/rehearsal/market-figures.ts';
import { altname, idOf, pairOf } from './names.ts';

/** Kraken's word for an order's kind. */
export function orderType({ kind, limitPrice }: ExchangeOrder): string {
  if (kind === 'stop') return limitPrice === null ? 'stop-loss' : 'stop-loss-limit';
  return kind === 'market' ? 'market' : 'limit';
}

/** `buy 0.10000000 XBTUSD @ limit 950.0` */
export function describe(
  order: Pick<ExchangeOrder, 'side' | 'kind' | 'quantity' | 'limitPrice' | 'stopPrice'>,
  market: ListedMarket,
): string {
  const digits = decimalsOf(market.tickSize);
  const limit = order.limitPrice?.toFixed(digits);
  const stop = order.stopPrice?.toFixed(digits);
  const how =
    order.kind === 'market'
      ? 'market'
      : order.kind === 'stop'
        ? `stop loss ${stop}${limit === undefined ? '' : ` -> limit ${limit}`}`
        : `limit ${limit}`;
  return `${order.side} ${order.quantity.toFixed(8)} ${pairOf(market).altname} @ ${how}`;
}

/** An order as the lists of open and closed orders and QueryOrders have it. */
export function orderRow(order: ExchangeOrder, market: ListedMarket, withTrades: boolean): Record<string, unknown> {
  const digits = decimalsOf(market.tickSize);
  const average = order.filled.eq(0) ? new Big(0) : order.cost.div(order.filled);
  const [price, price2] = order.kind === 'stop' ? [order.stopPrice, order.limitPrice] : [order.limitPrice, null];
  const isOpen = order.state === 'open';
  return {
    refid: null,
    userref: null,
    ...(order.clientOrderId === null ? {} : { cl_ord_id: order.clientOrderId }),
    status: statusOf(order),
    ...(isOpen ? {} : { reason: endReason(order), closetm: order.endedAt! / 1000 }),
    opentm: order.createdAt / 1000,
    starttm: 0,
    expiretm: 0,
    descr: {
      pair: pairOf(market).altname,
      type: order.side,
      ordertype: orderType(order),
      price: price?.toFixed(digits) ?? '0',
      price2: price2?.toFixed(digits) ?? '0',
      leverage: 'none',
      order: describe(order, market),
      close: '',
    },
    vol: order.quantity.toFixed(8),
    vol_exec: order.filled.toFixed(8),
    cost: exact(order.cost, 5),
    fee: exact(order.fees[0]?.amount ?? new Big(0), 5),
    price: exact(average.round(10), digits),
    stopprice: order.stopPrice?.toFixed(digits) ?? '0.00000',
    limitprice: order.kind === 'stop' ? (order.limitPrice?.toFixed(digits) ?? '0.00000') : '0.00000',
    misc: '',
    oflags: 'fciq',
    ...(order.kind === 'stop' ? { trigger: 'last' } : {}),
    ...(withTrades && order.fillNumbers.length > 0 ? { trades: order.fillNumbers.map((number) => idOf('T', number)) } : {}),
  };
}

/** A fill as TradesHistory and QueryTrades have it. */
export function tradeRow(fill: ExchangeFill, order: ExchangeOrder, market: ListedMarket): Record<string, unknown> {
  return {
    ordertxid: idOf('O', fill.orderNumber),
    postxid: idOf('T', fill.orderNumber),
    pair: pairOf(market).id,
    time: fill.time / 1000,
    type: fill.side,
    ordertype: orderType(order),
    price: fill.price.toFixed(decimalsOf(market.tickSize)),
    cost: exact(fill.quantity.times(fill.price), 5),
    fee: exact(fill.fees[0]?.amount ?? new Big(0), 5),
    vol: fill.quantity.toFixed(8),
    margin: '0.00000',
    leverage: '0',
    misc: '',
    trade_id: fill.number,
    maker: fill.isMaker,
  };
}

/** What an order did, as the channel `executions` of the second websocket version says it; amounts are numbers there. */
export function executionRow(
  order: ExchangeOrder,
  execution: string,
  fill: ExchangeFill | null,
  time: number,
): Record<string, unknown> {
  const isOpen = order.state === 'open';
  const status = isOpen
    ? order.filled.gt(0)
      ? 'partially_filled'
      : execution === 'pending_new'
        ? 'pending_new'
        : 'new'
    : statusOf(order);
  const fees = fill === null ? order.fees : fill.fees;
  const ofFill = fill === null ? {} : fillPart(fill);
  return {
    order_id: idOf('O', order.number),
    ...(order.clientOrderId === null ? {} : { cl_ord_id: order.clientOrderId }),
    order_userref: 0,
    symbol: order.symbol,
    side: order.side,
    order_type: orderType(order),
    order_qty: Number(order.quantity),
    cum_qty: Number(order.filled),
    cum_cost: Number(order.cost),
    avg_price: order.filled.eq(0) ? 0 : Number(order.cost.div(order.filled)),
    ...(order.limitPrice === null ? {} : { limit_price: Number(order.limitPrice), limit_price_type: 'static' }),
    ...(order.stopPrice === null ? {} : { stop_price: Number(order.stopPrice), triggers: triggersOf(order) }),
    time_in_force: order.kind === 'limit-ioc' ? 'IOC' : 'GTC',
    exec_type: execution,
    order_status: status === 'closed' ? 'filled' : status,
    ...(isOpen || execution === 'trade' ? {} : { reason: endReason(order) ?? '' }),
    fee_ccy_pref: 'fciq',
    fee_usd_equiv: Number(fees[0]?.amount ?? 0),
    ...ofFill,
    timestamp: new Date(time).toISOString(),
  };
}

function fillPart(fill: ExchangeFill): Record<string, unknown> {
  return {
    exec_id: idOf('T', fill.number),
    trade_id: fill.number,
    last_qty: Number(fill.quantity),
    last_price: Number(fill.price),
    liquidity_ind: fill.isMaker ? 'm' : 't',
    cost: Number(fill.quantity.times(fill.price)),
    fees: fill.fees.map((fee) => ({ asset: fee.asset, qty: Number(fee.amount) })),
  };
}

function triggersOf(order: ExchangeOrder): Record<string, unknown> {
  return {
    reference: 'last',
    price: Number(order.stopPrice),
    price_type: 'static',
    status: order.triggeredAt === null ? 'untriggered' : 'triggered',
  };
}

function statusOf({ state }: ExchangeOrder): string {
  if (state === 'filled') return 'closed';
  // What could not be filled at once is cancelled here; `expired` is for orders with a date.
  return state === 'open' ? 'open' : 'canceled';
}

function endReason({ endReason: reason }: ExchangeOrder): string | null {
  if (reason === 'asked') return 'User requested';
  if (reason === 'dead-man-switch') return 'Cancel all orders after timeout';
  if (reason === 'no-depth') return 'Order could not be filled';
  if (reason === 'no-funds') return 'Insufficient funds';
  return null;
}

/** With `digits` at least, and as many more as it takes to lose nothing. */
export function exact(amount: Big, digits: number): string {
  const short = amount.toFixed(digits);
  return amount.eq(short) ? short : amount.toFixed();
}

export function assetRow(asset: string): Record<string, unknown> {
  return {
    aclass: 'currency',
    altname: altname(asset),
    decimals: 10,
    display_decimals: 5,
    collateral_value: 1,
    status: 'enabled',
  };
}
