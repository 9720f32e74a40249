import { z } from 'zod';
import type { OrderRow } from '#engine/store/journal/journal-rows.ts';

const Ratio = z.number().positive().nullable();

/** What an entry asks for beside its price and quantity: the protection of what it buys. Kept with the order as JSON. */
export const EntryTerms = z.strictObject({
  /** Distances as ratios of the average price at which the order fills; null leaves what the position has. */
  stopLoss: Ratio,
  /** The stop's distance where the order adds to a position that has one, and is filled when that position has gone. */
  fallbackStop: Ratio,
  takeProfit: Ratio,
  trailingStop: Ratio,
  horizonBars: z.int().positive().nullable(),
  /** When a limit that has not filled is withdrawn, UTC milliseconds; null rests until it is replaced or cancelled. */
  expiresAt: z.int().nullable(),
});
export type EntryTerms = z.infer<typeof EntryTerms>;

export const NO_TERMS: EntryTerms = {
  stopLoss: null,
  fallbackStop: null,
  takeProfit: null,
  trailingStop: null,
  horizonBars: null,
  expiresAt: null,
};

/** Of an order that has none, those of a sale: nothing. */
export function termsOf({ terms }: Pick<OrderRow, 'terms'>): EntryTerms {
  return terms === '' ? NO_TERMS : EntryTerms.parse(JSON.parse(terms));
}
