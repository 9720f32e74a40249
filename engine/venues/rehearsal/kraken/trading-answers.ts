import { Big } from 'big.js';
import type { House } from '#engine/venues/rehearsal/dialect.ts';
import type { NewOrder } from '#engine/venues/rehearsal/exchange-types.ts';
import type { OrderKind } from '#engine/venues/venue.ts';
import { idOf, numberOf } from './names.ts';
import type { PrivateAnswer } from './private-answers.ts';
import { marketOf } from './public-answers.ts';
import { KrakenRefusal } from './refusal.ts';
import { describe } from './rows.ts';

/** What a key with the right to trade may do. */
export const tradingAnswers: Readonly<Record<string, PrivateAnswer>> = {
  AddOrder(house, key, params) {
    checkDeadline(house, params.get('deadline'));
    const order = orderOf(house, params);
    const descr = { order: describe(order, marketOf(house, params)) };
    if (params.get('validate')?.toLowerCase() === 'true') return { descr };
    return { descr, txid: [idOf('O', house.exchange.place(key.account, order).number)] };
  },

  CancelOrder(house, key, params) {
    const clientOrderId = params.get('cl_ord_id');
    const open = house.exchange.openOrders(key.account);
    const number = numberOf('O', params.get('txid') ?? '');
    const found = open.find((order) =>
      clientOrderId === null ? order.number === number : order.clientOrderId === clientOrderId,
    );
    if (found === undefined) throw new KrakenRefusal('EOrder:Unknown order');
    house.exchange.cancel(key.account, found.number);
    return { count: 1 };
  },

  CancelAll: (house, key) => ({ count: house.exchange.cancelAll(key.account) }),

  CancelAllOrdersAfter(house, key, params) {
    const timeout = Number(params.get('timeout'));
    if (!Number.isInteger(timeout) || timeout < 0 || timeout > 86_400)
      throw new KrakenRefusal('EGeneral:Invalid arguments:timeout');
    house.exchange.armDeadManSwitch(key.account, timeout * 1000);
    const time = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
    return { currentTime: time(house.now()), triggerTime: timeout === 0 ? '0' : time(house.now() + timeout * 1000) };
  },
};

const kinds: Readonly<Record<string, OrderKind>> = {
  market: 'market',
  limit: 'limit',
  'stop-loss': 'stop',
  'stop-loss-limit': 'stop',
};

function orderOf(house: House, params: URLSearchParams): NewOrder {
  const market = marketOf(house, params);
  const side = params.get('type');
  const ordertype = params.get('ordertype') ?? '';
  const kind = kinds[ordertype];
  if (side !== 'buy' && side !== 'sell') throw invalid('type');
  if (kind === undefined) throw invalid('ordertype');
  // Of the flags the rehearsal knows one: fees in the quote asset, which is what it takes anyway.
  if ((params.get('oflags') ?? 'fciq') !== 'fciq') throw invalid('oflags');
  const timeInForce = (params.get('timeinforce') ?? 'GTC').toUpperCase();
  if (timeInForce !== 'GTC' && !(timeInForce === 'IOC' && kind === 'limit')) throw invalid('timeinforce');
  const price = decimal(params, 'price');
  const isStop = kind === 'stop';
  return {
    clientOrderId: clientOrderId(params.get('cl_ord_id')),
    symbol: market.symbol,
    side,
    kind: timeInForce === 'IOC' ? 'limit-ioc' : kind,
    quantity: decimal(params, 'volume') ?? new Big(0),
    limitPrice: isStop ? decimal(params, 'price2') : kind === 'limit' ? price : null,
    stopPrice: isStop ? price : null,
  };
}

/** Seconds from now within which an order may be wanted. */
const deadlineMin = 2;
const deadlineMax = 60;

/** By when the order is to be taken, or not at all. */
function checkDeadline(house: House, deadline: string | null): void {
  if (deadline === null) return;
  const inSeconds = (Date.parse(deadline) - house.now()) / 1000;
  if (!/^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(deadline) || Number.isNaN(inSeconds)) throw invalid('deadline');
  if (inSeconds <= 0) throw new KrakenRefusal('EService:Deadline elapsed');
  if (inSeconds < deadlineMin || inSeconds > deadlineMax) throw invalid('deadline');
}

/** A UUID, long or short, or at most 18 characters. */
function clientOrderId(id: string | null): string | null {
  if (id === null) return null;
  const isUuid = /^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i.test(id);
  if (!isUuid && !/^[\x21-\x7e]{1,18}$/.test(id)) throw invalid('cl_ord_id');
  return id;
}

function decimal(params: URLSearchParams, name: string): Big | null {
  const text = params.get(name);
  if (text === null) return null;
  if (!/^\d+(\.\d+)?$/.test(text)) throw invalid(name);
  return new Big(text);
}

function invalid(field: string): KrakenRefusal {
  return new KrakenRefusal(`EGeneral:Invalid arguments:${field}`);
}
