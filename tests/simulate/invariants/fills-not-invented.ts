import { Big } from 'big.js';
import type { JournalFill, OrderRow } from '#engine/store/journal/journal-rows.ts';
import { type Evidence, type Invariant, isOurs } from './evidence.ts';

/**
 * Every fill in the journal happened, just so, and is there once; an order has as much filled as its fills add up to; and once all is
 * quiet no fill of ours is missing.
 */
export const fillsNotInvented: Invariant = (evidence) => {
  const { journal, exchange, changed, isQuiet } = evidence;
  for (const fill of isQuiet ? journal.fills.values() : changed.fills) {
    const problem = problemOf(fill, evidence);
    if (problem !== null) return problem;
  }
  for (const order of isQuiet ? journal.orders.values() : changed.orders) {
    const sum = sumOfFills(order, journal.fills.values());
    if (!order.filled.eq(sum)) return `${order.clientOrderId} has ${order.filled} filled; its fills add up to ${sum}.`;
  }
  if (!isQuiet) return null;
  for (const fill of exchange.fills.values()) {
    const { clientOrderId } = exchange.orders.get(fill.orderNumber)!;
    if (isOurs(clientOrderId) && !journal.fills.has(`${fill.symbol} ${fill.number}`)) {
      return `Fill ${fill.number} of ${clientOrderId}, ${fill.quantity} ${fill.symbol}, is not in the journal.`;
    }
  }
  return null;
};

function problemOf(fill: JournalFill, { exchange, journal }: Evidence): string | null {
  const name = `The journal's fill ${fill.fillId} of ${fill.symbol}`;
  const there = exchange.fills.get(Number(fill.fillId));
  if (there === undefined) return `${name} never happened.`;
  const order = journal.orders.get(fill.orderId);
  const { clientOrderId } = exchange.orders.get(there.orderNumber)!;
  if (order?.clientOrderId !== clientOrderId) return `${name} belongs to ${clientOrderId}, not to ${order?.clientOrderId}.`;
  const isSame =
    there.symbol === fill.symbol && there.side === fill.side && there.quantity.eq(fill.quantity) && there.price.eq(fill.price);
  if (!isSame) return `${name} is ${fill.quantity} at ${fill.price}; it was ${there.quantity} at ${there.price}.`;
  const isPaid =
    there.fees.length === fill.fees.length &&
    there.fees.every(({ asset, amount }) => fill.fees.some((fee) => fee.asset === asset && fee.amount.eq(amount)));
  return isPaid ? null : `${name} has other fees than it had.`;
}

function sumOfFills(order: OrderRow, fills: Iterable<JournalFill>): Big {
  let sum = new Big(0);
  for (const fill of fills) if (fill.orderId === order.id) sum = sum.plus(fill.quantity);
  return sum;
}
