import type { Invariant } from './evidence.ts';

/**
 * While a strategy is held back, whatever for, no entry of its is intended; and where entries are withdrawn too, none is sent, and none
 * is left at the exchange once all is quiet. An entry given before a mere pause stands.
 */
export const noEntryWhileHeldBack: Invariant = ({ now, memory, journal, exchange, changed, isQuiet }) => {
  for (const { strategy, halt, haltedAt } of memory.strategies) {
    if (halt === 'active' || haltedAt === null || haltedAt >= now) continue;
    const intended = changed.intended.find((order) => order.strategy === strategy && order.role === 'entry');
    if (intended !== undefined) return `${strategy} is ${halt} and intended the entry ${intended.clientOrderId}.`;
    if (halt === 'paused') continue;
    const isOfIt = (id: string | null): boolean => id !== null && journal.byClientId.get(id)?.strategy === strategy;
    const sent = changed.sent.find(({ request }) => request.side === 'buy' && isOfIt(request.clientOrderId));
    if (sent !== undefined) return `${strategy} is ${halt} and sent the entry ${sent.request.clientOrderId}.`;
    if (!isQuiet) continue;
    for (const order of exchange.orders.values()) {
      if (order.state === 'open' && order.side === 'buy' && isOfIt(order.clientOrderId)) {
        return `${strategy} is ${halt} and its entry ${order.clientOrderId} is still open.`;
      }
    }
  }
  return null;
};
