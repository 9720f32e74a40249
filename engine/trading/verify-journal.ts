import { Big } from 'big.js';
import type { OrderRow } from '#engine/store/journal/journal-rows.ts';
import type { FoldedOrder, OrderJournal } from '#engine/store/journal/order-journal.ts';
import { Ledger } from './ledger.ts';
import { afterEvent, OrderEvent, UNBORN } from './order-state.ts';

/** An order that was sent this long ago and of which it is still not known what became needs a person. Milliseconds. */
const unknownMsMax = 10 * 60_000;

/**
 * What is wrong with a journal, a sentence each: orders whose row is not what their history comes to, fills that do not add up, orders of
 * which nothing is known, symbols that are frozen.
 * @param now by the clock that the engine goes by, UTC milliseconds
 */
export function verifyJournal(journal: OrderJournal, now: number): string[] {
  return [...contradictions(journal), ...openQuestions(journal, now)];
}

/** What in a journal does not agree with itself. */
export function contradictions(journal: OrderJournal): string[] {
  return [...orderContradictions(journal), ...oversold(journal)];
}

/** More was sold or written off than ever came in. */
function oversold(journal: OrderJournal): string[] {
  return unwatched(journal)
    .lanes.filter(({ quantity }) => quantity.lt(0))
    .map(
      ({ strategy, symbol, quantity }) =>
        `${strategy} holds ${quantity.toFixed()} of ${symbol} by its fills and what was written off.`,
    );
}

function orderContradictions(journal: OrderJournal): string[] {
  const sums = new Map<number, Big>();
  for (const { orderId, quantity } of journal.fills()) sums.set(orderId, (sums.get(orderId) ?? new Big(0)).plus(quantity));
  return journal.orders().flatMap((order) => contradictionsOf(order, journal, sums.get(order.id) ?? new Big(0)));
}

/** What only the venue, or a person who has looked there, can answer. @param now as above */
export function openQuestions(journal: OrderJournal, now: number): string[] {
  const unheard = journal.orders().filter(({ state, createdAt }) => {
    return (state === 'pending' || state === 'unknown') && now - createdAt > unknownMsMax;
  });
  const frozen = journal.freezes().filter(({ acceptedAt }) => acceptedAt === null);
  return [
    ...unheard.map((order) => {
      const sent = new Date(order.createdAt).toISOString();
      return `${nameOf(order)} was sent at ${sent}, and it is not known what became of it.`;
    }),
    ...frozen.map(({ symbol, code, message }) => `${symbol} is frozen (${code}): ${message}`),
  ];
}

/** What nobody watches while no engine runs: every lane that ever was, with what it holds, and the purchases that may still come. */
export function unwatched(journal: OrderJournal): {
  readonly lanes: readonly { readonly strategy: string; readonly symbol: string; readonly quantity: Big }[];
  readonly entries: readonly OrderRow[];
} {
  const ledger = Ledger.load(journal, { filled: () => undefined, closed: () => undefined });
  return {
    lanes: [...ledger.lanes].map(({ strategy, symbol, position }) => ({ strategy, symbol, quantity: position.quantity })),
    entries: [...ledger.live()].map(({ order }) => order.row).filter(({ role }) => role === 'entry'),
  };
}

function nameOf({ clientOrderId, role, strategy, symbol }: OrderRow): string {
  return `Order ${clientOrderId} (${role} of ${strategy}, ${symbol})`;
}

function contradictionsOf(order: OrderRow, journal: OrderJournal, filled: Big): string[] {
  const name = nameOf(order);
  const problems: string[] = [];
  const folded = foldOf(order, journal);
  if (typeof folded === 'string') problems.push(`${name} has a history that cannot be: ${folded}`);
  else if (!isSame(folded, order)) problems.push(`${name} is ${order.state} in its row and ${folded.state} by its history.`);
  if (!filled.eq(order.filled)) {
    problems.push(`${name} has ${order.filled.toFixed()} filled, and its fills add up to ${filled.toFixed()}.`);
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
