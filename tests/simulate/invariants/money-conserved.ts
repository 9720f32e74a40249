import { Big } from 'big.js';
import type { Evidence, Invariant } from './evidence.ts';
import { isOurs } from './evidence.ts';

const zero = new Big(0);

/**
 * The exchange's balances are what was paid in and what its fills moved, to the last digit; and once all is quiet they are the same
 * worked out from the journal's fills in place of the exchange's.
 */
export const moneyConserved: Invariant = (evidence) => {
  const { exchange, changed, isQuiet } = evidence;
  if (changed.exchangeFills.length === 0 && changed.exchangeOrders.length === 0 && !isQuiet) return null;
  const byJournal = isQuiet ? movedByJournal(evidence) : null;
  for (const { asset, deposited, balance, difference, held, heldByOrders } of exchange.books()) {
    if (!difference.eq(0)) return `The exchange's balance of ${asset} is off its own fills by ${difference}.`;
    if (!held.eq(heldByOrders)) return `The exchange holds ${held} ${asset} for orders that need ${heldByOrders}.`;
    if (byJournal === null) continue;
    const told = deposited.plus(byJournal.get(asset) ?? zero);
    if (!told.eq(balance)) return `The account has ${balance} ${asset}; the journal's fills make it ${told}.`;
  }
  return null;
};

/** By asset, what the journal's fills moved, and those of orders that somebody else made. */
function movedByJournal({ exchange, journal }: Evidence): Map<string, Big> {
  const moved = new Map<string, Big>();
  const move = (asset: string, amount: Big): void => void moved.set(asset, (moved.get(asset) ?? zero).plus(amount));
  const foreign = [...exchange.fills.values()].filter(
    ({ orderNumber }) => !isOurs(exchange.orders.get(orderNumber)!.clientOrderId),
  );
  for (const { symbol, side, quantity, price, fees } of [...journal.fills.values(), ...foreign]) {
    const [base, quote] = symbol.split('/') as [string, string];
    const sign = side === 'buy' ? 1 : -1;
    move(base, quantity.times(sign));
    move(quote, quantity.times(price).times(-sign));
    for (const { asset, amount } of fees) move(asset, amount.times(-1));
  }
  return moved;
}
