import type { OrderRow } from '#engine/store/journal/journal-rows.ts';
import { isUnanswered } from '#engine/trading/next-action.ts';
import { isWrittenOff } from '#engine/trading/order-state.ts';
import type { ExchangeOrder } from '#engine/venues/rehearsal/exchange-types.ts';
import { type Evidence, type Invariant, isOurs, type Sent } from './evidence.ts';

/**
 * Every order of ours at the exchange is in the journal as it is there, and was before it was sent; each intention became at most one
 * order; nothing was sent again that might have arrived; and once all is quiet both sides agree on what became of each.
 */
export const ordersNeitherLostNorDoubled: Invariant = (evidence) => {
  for (const sent of evidence.changed.sent) {
    const problem = problemOfSending(sent, evidence);
    if (problem !== null) return problem;
  }
  for (const order of evidence.changed.exchangeOrders) {
    const problem = problemOfOrder(order, evidence);
    if (problem !== null) return problem;
  }
  if (!evidence.isQuiet) return null;
  return (
    firstOf(evidence.exchange.orders.values(), (order) => isOurs(order.clientOrderId), evidence) ??
    [...evidence.journal.orders.values()].map((row) => problemAtTheEnd(row, evidence)).find((problem) => problem !== null) ??
    null
  );
};

function firstOf(orders: Iterable<ExchangeOrder>, isMeant: (order: ExchangeOrder) => boolean, evidence: Evidence): string | null {
  for (const order of orders) {
    const problem = isMeant(order) ? problemOfOrder(order, evidence) : null;
    if (problem !== null) return problem;
  }
  return null;
}

function problemOfSending(sent: Sent, evidence: Evidence): string | null {
  const { clientOrderId, side, kind, symbol } = sent.request;
  const name = `${side} ${kind} ${clientOrderId} of ${symbol}`;
  if (!isOurs(clientOrderId)) return `An order went out under the id "${clientOrderId}", which is none of ours.`;
  if (!sent.wasJournalled) return `The ${name} went out before the journal had it.`;
  const all = evidence.sent.get(clientOrderId) ?? [];
  const earlier = all.slice(0, all.indexOf(sent));
  const doubtful = earlier.find(({ outcome }) => outcome === null || outcome === 'unknown' || outcome === 'done');
  if (doubtful === undefined) return null;
  return `The ${name} was sent again, though what came of sending it before was ${doubtful.outcome ?? 'never heard'}.`;
}

function problemOfOrder(order: ExchangeOrder, { exchange, journal }: Evidence): string | null {
  const { clientOrderId, number } = order;
  if (!isOurs(clientOrderId)) return null;
  const row = journal.byClientId.get(clientOrderId);
  if (row === undefined) return `The exchange has order ${number}, ${clientOrderId}, and the journal does not.`;
  for (const other of exchange.orders.values()) {
    if (other.clientOrderId === clientOrderId && other.number !== number) {
      return `${clientOrderId} is two orders at the exchange: ${other.number} and ${number}.`;
    }
  }
  const isSame =
    row.symbol === order.symbol && row.side === order.side && row.kind === order.kind && row.quantity.eq(order.quantity);
  if (isSame) return null;
  return `${clientOrderId} is ${textOf(row)} in the journal and ${textOf(order)} at the exchange.`;
}

function problemAtTheEnd(row: OrderRow, { exchange, journal }: Evidence): string | null {
  const there = [...exchange.orders.values()].find(({ clientOrderId }) => clientOrderId === row.clientOrderId);
  const name = `The ${row.role} ${row.clientOrderId} of ${row.symbol}`;
  // A sale of which no answer came, while what it was to sell is gone: only a person can say that it is over.
  if (isUnanswered({ row }) && there === undefined && journal.doubted.has(row.clientOrderId)) return null;
  if (row.state === 'pending' || row.state === 'unknown') return `${name} is still ${row.state}.`;
  // What nobody can tell of, a person has given up: what it may have done is in the balances that were accepted.
  const isGivenUp = isWrittenOff(row);
  if (there === undefined)
    return row.state === 'rejected' || isGivenUp ? null : `${name} is ${row.state} and was never at the exchange.`;
  const isOpenHere = row.state === 'open' || row.state === 'partial';
  if (isOpenHere !== (there.state === 'open')) return `${name} is ${row.state} here and ${there.state} at the exchange.`;
  if (!isOpenHere && !row.isFinal) return `${name} is ${row.state} and never became final.`;
  if (!isGivenUp && !row.filled.eq(there.filled))
    return `${name} has ${row.filled} filled here and ${there.filled} at the exchange.`;
  return null;
}

function textOf({ side, kind, quantity, symbol }: Pick<OrderRow, 'side' | 'kind' | 'quantity' | 'symbol'>): string {
  return `${side} ${kind} ${quantity} ${symbol}`;
}
