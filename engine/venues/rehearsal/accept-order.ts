import type { Big } from 'big.js';
import { VenueError, type VenueErrorKind } from '../venue-error.ts';
import type { ListedMarket, NewOrder } from './exchange-types.ts';

/** Which rule an order broke; the dialects say it in the words of their exchange. */
export type Rule =
  | 'unknown-symbol'
  | 'inactive'
  | 'client-id'
  | 'client-id-in-use'
  | 'step'
  | 'tick'
  | 'min-quantity'
  | 'max-quantity'
  | 'min-notional'
  | 'missing-price'
  | 'stop-reached'
  | 'insufficient-funds'
  | 'no-depth'
  | 'no-such-order'
  | 'ended';

const kinds: Partial<Record<Rule, VenueErrorKind>> = {
  inactive: 'maintenance',
  'client-id-in-use': 'duplicate',
  'insufficient-funds': 'insufficient-funds',
  'no-such-order': 'no-such-order',
  ended: 'no-such-order',
};

/** The exchange answered no; `details.rule` says which one of its rules. */
export function refusal(rule: Rule, message: string, details: Record<string, unknown> = {}): VenueError {
  const remedy = 'Nothing was done; correct the order and send it under another id.';
  return new VenueError(kinds[rule] ?? 'invalid-order', 'refused', message, remedy, { details: { rule, ...details } });
}

/** What can be said of an order without looking at the book or at anybody's money. @throws VenueError refused */
export function checkOrder(order: NewOrder, market: ListedMarket, price: number): void {
  const { quantity, limitPrice, stopPrice } = order;
  if (order.clientOrderId !== null && !/^[A-Za-z0-9_.:/-]{1,36}$/.test(order.clientOrderId)) {
    throw refusal('client-id', `"${order.clientOrderId}" is no client order id.`);
  }
  if (!isMultiple(quantity, market.stepSize)) throw refusal('step', `${quantity} is not on the step of ${market.stepSize}.`);
  if (quantity.lte(0) || quantity.lt(market.minQuantity)) {
    throw refusal('min-quantity', `${quantity} ${market.base} is less than the smallest order of ${market.minQuantity}.`);
  }
  if (market.maxQuantity !== null && quantity.gt(market.maxQuantity)) {
    throw refusal('max-quantity', `${quantity} ${market.base} is more than the largest order of ${market.maxQuantity}.`);
  }
  const isLimit = order.kind === 'limit' || order.kind === 'limit-ioc';
  if (isLimit && limitPrice === null) throw refusal('missing-price', 'A limit order needs a price.');
  if (order.kind === 'stop' && stopPrice === null) throw refusal('missing-price', 'A stop order needs a stop price.');
  for (const given of [limitPrice, stopPrice]) {
    if (given === null) continue;
    if (given.lte(0) || !isMultiple(given, market.tickSize)) {
      throw refusal('tick', `${given} is not on the tick of ${market.tickSize}.`);
    }
  }
  const worth = quantity.times(limitPrice ?? stopPrice ?? price);
  if (worth.lt(market.minNotional)) {
    throw refusal('min-notional', `${worth} ${market.quote} is less than the smallest order of ${market.minNotional}.`);
  }
}

function isMultiple(amount: Big, unit: Big): boolean {
  return amount.mod(unit).eq(0);
}
