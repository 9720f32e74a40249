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
  const { journal } = evidence;
  const own = evidence.memory.strategies.find(({ strategy }) => strategy === order.strategy);
  // It died with the order in the making: nobody knows what it knew.
  if (evidence.memory.strategies.length === 0) return null;
  if (own === undefined) return 'was intended though it does not trade.';
  if (evidence.limitsSince >= evidence.now) return null;
  const limits = evidence.limits(own.stage);
  if (!limits.isAllowed) return 'was intended where the policy allows none.';
  const worth = worthOf(evidence);
  const capital = limits.maxCapital === null ? worth.equity : Math.min(worth.equity, limits.maxCapital);
  const value = order.quantity.times(order.limitPrice ?? evidence.prices.get(order.symbol)!).toNumber();
  // Of strategies that decide at one moment the last one finds what the others have asked for, and its stage may be given more.
  const stages = evidence.memory.strategies.map(({ stage }) => evidence.limits(stage).maxCapital ?? Number.POSITIVE_INFINITY);
  const whole = Math.min(worth.equity, Math.max(...stages));
  const checks: readonly (readonly [string, number, number, number?])[] = [
    ['order', value, limits.maxOrder],
    ['symbol', worth.bySymbol.get(order.symbol) ?? 0, limits.maxSymbol, whole],
    ['strategy', worth.byStrategy.get(order.strategy) ?? 0, limits.maxStrategy],
    ['gross', worth.gross, limits.maxGross, whole],
  ];
  for (const [name, stake, share, of = capital] of checks) {
    if (stake > share * of * TOLERANCE) return `makes ${name} ${stake.toFixed(2)}, of ${(share * of).toFixed(2)} allowed.`;
  }
  const { orders, windowMs } = limits.orderRate;
  const recent = [...journal.orders.values()].filter(
    ({ id, role, createdAt }) =>
      id <= order.id && role === 'entry' && createdAt > Math.max(order.createdAt - windowMs, evidence.limitsSince),
  );
  return recent.length <= orders ? null : `is number ${recent.length} within ${windowMs} ms, of ${orders} allowed.`;
}
