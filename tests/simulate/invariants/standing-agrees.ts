import type { Invariant } from './evidence.ts';

/** What is stored of a slot, and what the slots hold in their heads, never contradicts the journal, from which a restart goes on. */
export const standingAgrees: Invariant = ({ problems, memory, journal, dustOf }) => {
  if (problems.standing !== null) return problems.standing;
  for (const { strategy, symbol, quantity } of memory.slots) {
    const told = Number(journal.books.get(`${strategy} ${symbol}`)?.quantity ?? 0);
    if (Math.abs(told - quantity) <= 1e-9 * Math.max(1, told) || (quantity === 0 && told < dustOf(symbol))) continue;
    return `The slot of ${strategy} holds ${quantity} ${symbol}; the journal's fills make it ${told}.`;
  }
  return null;
};
