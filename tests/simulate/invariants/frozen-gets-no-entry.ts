import type { Invariant } from './evidence.ts';

/** In a symbol that reconciliation could not explain nothing is opened until a person has looked. */
export const frozenGetsNoEntry: Invariant = ({ now, journal, changed }) => {
  for (const order of changed.intended) {
    const since = journal.frozen.get(order.symbol);
    if (order.role !== 'entry' || since === undefined || since >= now) continue;
    return `${order.symbol} is frozen and ${order.strategy} intended the entry ${order.clientOrderId}.`;
  }
  return null;
};
