import type { OrderRow } from '#engine/store/journal/journal-rows.ts';
import type { Evidence, Invariant } from './evidence.ts';
import { worthOf } from './worth.ts';

/** Prices move between the judgement and this look at it; a limit that was not kept is missed by more. */
const TOLERANCE = 1.03;

/**
 * What an entry may be, alone and with all there is already: order, symbol, strategy, gross, and how many in what time, counted from when the limit was set: what was sent
 * before under a shorter window is forgotten.
 */
export const withinLimits: Invariant = (evidence) => {
  for (const order of evidence.changed.intended) {
    if (order.role !== 'entry') continue;
    const problem = problemOf(order, evidence);
    if (problem !== null) return `The entry ${order.clientOrderId} of ${order.strategy} in ${order.symbol} ${problem}`;
  }
  return null;
};

function problemOf(order: OrderRow, evidence: Evidence): string | null {
  const { limits, journal } = evidence;
  if (!limits.isAllowed) return 'was intended where the policy allows none.';
  const worth = worthOf(evidence);
  const capital = limits.maxCapital === null ? worth.equity : Math.min(worth.equity, limits.maxCapital);
  const own = order.quantity.times(order.limitPrice ?? evidence.prices.get(order.symbol)!).toNumber();
  const checks: readonly (readonly [string, number, number])[] = [
    ['order', own, limits.maxOrder],
    ['symbol', worth.bySymbol.get(order.symbol) ?? 0, limits.maxSymbol],
    ['strategy', worth.byStrategy.get(order.strategy) ?? 0, limits.maxStrategy],
    ['gross', worth.gross, limits.maxGross],
  ];
  for (const [name, value, share] of checks) {
    if (value > share * capital * TOLERANCE)
      return `makes ${name} ${value.toFixed(2)}, of ${(share * capital).toFixed(2)} allowed.`;
  }
  const { orders, windowMs } = limits.orderRate;
  const recent = [...journal.orders.values()].filter(
    ({ id, role, createdAt }) =>
      id <= order.id && role === 'entry' && createdAt > Math.max(order.createdAt - windowMs, evidence.limitsSince),
  );
  return recent.length <= orders ? null : `is number ${recent.length} within ${windowMs} ms, of ${orders} allowed.`;
}
