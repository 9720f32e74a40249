import type { Rule } from '#engine/venues/rehearsal/accept-order.ts';
import { VenueError } from '#engine/venues/venue-error.ts';

/** An error as Kraken says it, inside an answer with status 200. */
export class KrakenRefusal extends Error {
  readonly text: string;

  constructor(text: string) {
    super(text);
    this.name = 'KrakenRefusal';
    this.text = text;
  }
}

const words: Readonly<Record<Rule, string>> = {
  'unknown-symbol': 'EQuery:Unknown asset pair',
  inactive: 'EService:Market in cancel_only mode',
  'client-id': 'EGeneral:Invalid arguments:cl_ord_id',
  'client-id-in-use': 'EOrder:cl_ord_id in use:Duplicate cl_ord_id',
  step: 'EGeneral:Invalid arguments:volume',
  tick: 'EOrder:Invalid price:Invalid price argument',
  'min-quantity': 'EOrder:Order minimum not met',
  'max-quantity': 'EGeneral:Invalid arguments:volume maximum exceeded',
  'min-notional': 'EOrder:Cost minimum not met',
  'missing-price': 'EGeneral:Invalid arguments:price',
  'stop-reached': 'EOrder:Invalid price',
  'insufficient-funds': 'EOrder:Insufficient funds',
  'no-depth': 'EOrder:Insufficient funds',
  'no-such-order': 'EOrder:Unknown order',
  ended: 'EOrder:Unknown order',
};

/** What the model refused, in Kraken's words; null for what is a fault of the program. */
export function krakenWords(error: unknown): string | null {
  if (error instanceof KrakenRefusal) return error.text;
  if (error instanceof VenueError) return words[error.details.rule as Rule] ?? 'EGeneral:Invalid arguments';
  return null;
}
