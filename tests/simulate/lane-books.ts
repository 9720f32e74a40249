import { Big } from 'big.js';
import type { JournalFill, NoteRow } from '#engine/store/journal/journal-rows.ts';

/** What the journal's fills alone make of one strategy's holding in one symbol, and of its money. */
export interface LaneBooks {
  /** Base asset, fees in it taken off. */
  readonly quantity: Big;
  /** Quote asset: what came in less what went out, fees included as far as their worth is known. */
  readonly cash: Big;
}

const zero = new Big(0);

export function booksAfter(books: LaneBooks | undefined, fill: JournalFill): LaneBooks {
  const [base, quote] = fill.symbol.split('/');
  const sign = fill.side === 'buy' ? 1 : -1;
  let quantity = (books?.quantity ?? zero).plus(fill.quantity.times(sign));
  let cash = (books?.cash ?? zero).minus(fill.quantity.times(fill.price).times(sign));
  for (const { asset, amount, quoteValue } of fill.fees) {
    if (asset === base) quantity = quantity.minus(amount);
    else cash = cash.minus(asset === quote ? amount : (quoteValue ?? zero));
  }
  return { quantity, cash };
}

/** After a person has accepted that some of it is gone, which counts as taken over at the last price known. */
export function booksWithout(books: LaneBooks, { quantity, price }: Pick<NoteRow, 'quantity' | 'price'>): LaneBooks {
  return { quantity: books.quantity.minus(quantity), cash: books.cash.plus(quantity.times(price ?? zero)) };
}
