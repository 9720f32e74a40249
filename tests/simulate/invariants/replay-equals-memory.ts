import { Big } from 'big.js';
import type { OrderRow } from '#engine/store/journal/journal-rows.ts';
import type { Invariant } from './evidence.ts';

/** Of the money, in ratio: memory may count in doubles. */
const ROUNDING = 1e-9;

/**
 * The journal alone makes what the engine holds in its head: each order's row is what its history comes to, each position the sum of its
 * fills, and a strategy is worth its capital and what its fills moved.
 */
export const replayEqualsMemory: Invariant = (evidence) => {
  for (const order of evidence.changed.orders) {
    const problem = problemOfHistory(order, evidence.journal.historyOf(order.id));
    if (problem !== null) return problem;
  }
  const { books } = evidence.journal;
  for (const { strategy, symbol, quantity } of evidence.memory.lanes) {
    const told = books.get(`${strategy} ${symbol}`)?.quantity ?? new Big(0);
    if (told.lt(0)) return `${strategy} has sold more ${symbol} than it held: ${told}.`;
    const dust = evidence.dustOf(symbol);
    const isSame = Math.abs(Number(told) - quantity) <= ROUNDING * Math.max(1, Number(told));
    // A rest too small to be sold counts as no position.
    if (!isSame && !(quantity === 0 && Number(told) < dust)) {
      return `${strategy} has ${quantity} ${symbol} in its head; the journal's fills make it ${told}.`;
    }
  }
  for (const { strategy, capital, equity } of evidence.memory.strategies) {
    if (equity === null) continue;
    let worth = capital;
    for (const [name, { cash, quantity }] of books) {
      if (!name.startsWith(`${strategy} `)) continue;
      const mark = evidence.marks.get(name.slice(strategy.length + 1));
      // Before its first bar in this life the engine goes by a quote.
      worth += Number(cash) + (quantity.eq(0) ? 0 : Number(quantity) * (mark ?? Number.NaN));
    }
    if (Math.abs(worth - equity) > 1e-6 * capital)
      return `${strategy} thinks it is worth ${equity}; the journal makes it ${worth}.`;
  }
  return null;
};

/** A second reading of what an order's events come to, without the engine's own. */
function problemOfHistory(order: OrderRow, history: readonly string[]): string | null {
  let filled = new Big(0);
  let isKnown = false;
  let isRefused = false;
  let last = '';
  for (const [at, text] of history.entries()) {
    const event = JSON.parse(text) as { kind: string; quantity?: string; state?: string };
    last = event.kind;
    if ((event.kind === 'intended') !== (at === 0))
      return `The history of ${order.clientOrderId} does not begin with its intention.`;
    if (event.kind === 'fill') filled = filled.plus(event.quantity!);
    if (['taken', 'seen', 'fill', 'written-off'].includes(event.kind)) isKnown = true;
    if (event.kind === 'refused') isRefused = true;
    if (event.kind === 'seen' || event.kind === 'taken') isRefused = event.state === 'rejected';
  }
  const name = `${order.clientOrderId} is ${order.state} in its row`;
  if (!filled.eq(order.filled)) return `${name} with ${order.filled} filled; its history fills ${filled}.`;
  const isUnheard = order.state === 'pending' || order.state === 'unknown';
  if (isUnheard && (isKnown || isRefused)) return `${name}; its history knows more.`;
  if (!isUnheard && !isKnown && !isRefused) return `${name}; its history knows nothing of that.`;
  if (last === 'written-off' && (order.state !== 'cancelled' || !order.isFinal)) return `${name}; somebody has given it up.`;
  if (isRefused && order.state !== 'rejected') return `${name}; its history ends in a refusal.`;
  return null;
}
