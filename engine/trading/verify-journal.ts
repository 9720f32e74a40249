import { Big } from 'big.js';
import type { OrderRow } from '#engine/store/journal/journal-rows.ts';
import type { FoldedOrder, OrderJournal } from '#engine/store/journal/order-journal.ts';
import { afterEvent, OrderEvent, UNBORN } from './order-state.ts';

/** An order that was sent this long ago and of which it is still not known what became needs a person. Milliseconds. */
const unknownMsMax = 10 * 60_000;

/**
 * What is wrong with a journal, a sentence each: orders whose row is not what their history comes to, fills that do not add up, orders of
 * which nothing is known, symbols that are frozen.
 * @param now by the clock that the engine goes by, UTC milliseconds
 */
export function verifyJournal(journal: OrderJournal, now: number): string[] {
  const sums = new Map<number, Big>();
  for (const { orderId, quantity } of journal.fills()) sums.set(orderId, (sums.get(orderId) ?? new Big(0)).plus(quantity));
  const wrong = journal.orders().flatMap((order) => problemsOf(order, journal, sums.get(order.id) ?? new Big(0), now));
  const frozen = journal.freezes().filter(({ acceptedAt }) => acceptedAt === null);
  return [...wrong, ...frozen.map(({ symbol, code, message }) => `${symbol} is frozen (${code}): ${message}`)];
}

function problemsOf(order: OrderRow, journal: OrderJournal, filled: Big, now: number): string[] {
  const name = `Order ${order.clientOrderId} (${order.role} of ${order.strategy}, ${order.symbol})`;
  const problems: string[] = [];
  const folded = foldOf(order, journal);
  if (typeof folded === 'string') problems.push(`${name} has a history that cannot be: ${folded}`);
  else if (!isSame(folded, order)) problems.push(`${name} is ${order.state} in its row and ${folded.state} by its history.`);
  if (!filled.eq(order.filled)) {
    problems.push(`${name} has ${order.filled.toFixed()} filled, and its fills add up to ${filled.toFixed()}.`);
  }
  const isUnheard = order.state === 'pending' || order.state === 'unknown';
  if (isUnheard && now - order.createdAt > unknownMsMax) {
    problems.push(`${name} was sent at ${new Date(order.createdAt).toISOString()}, and it is not known what became of it.`);
  }
  return problems;
}

function foldOf(order: OrderRow, journal: OrderJournal): FoldedOrder | string {
  try {
    return journal
      .events(order.id)
      .reduce((folded, { event }) => afterEvent(folded, OrderEvent.parse(JSON.parse(event)), order.quantity), UNBORN);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function isSame(folded: FoldedOrder, row: OrderRow): boolean {
  return (
    folded.state === row.state &&
    folded.venueOrderId === row.venueOrderId &&
    folded.filled.eq(row.filled) &&
    folded.refusal === row.refusal &&
    folded.isFinal === row.isFinal
  );
}
