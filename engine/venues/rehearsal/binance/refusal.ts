import type { Rule } from '#engine/venues/rehearsal/accept-order.ts';
import { VenueError } from '#engine/venues/venue-error.ts';

/** An error as Binance says it: a number, words, and a status of its own. */
export class BinanceRefusal extends Error {
  readonly code: number;
  readonly status: number;

  constructor(code: number, text: string, status = 400) {
    super(text);
    this.name = 'BinanceRefusal';
    this.code = code;
    this.status = status;
  }
}

const words: Readonly<Record<Rule, readonly [code: number, text: string]>> = {
  'unknown-symbol': [-1121, 'Invalid symbol.'],
  inactive: [-1013, 'Market is closed.'],
  'client-id': [-1100, "Illegal characters found in parameter 'newClientOrderId'."],
  'client-id-in-use': [-2010, 'Duplicate order sent.'],
  step: [-1013, 'Filter failure: LOT_SIZE'],
  tick: [-1013, 'Filter failure: PRICE_FILTER'],
  'min-quantity': [-1013, 'Filter failure: LOT_SIZE'],
  'max-quantity': [-1013, 'Filter failure: LOT_SIZE'],
  'min-notional': [-1013, 'Filter failure: NOTIONAL'],
  'missing-price': [-1102, "Mandatory parameter 'price' was not sent, was empty/null, or malformed."],
  'stop-reached': [-2010, 'Stop price would trigger immediately.'],
  'insufficient-funds': [-2010, 'Account has insufficient balance for requested action.'],
  'no-depth': [-2010, 'Market is closed.'],
  'no-such-order': [-2011, 'Unknown order sent.'],
  ended: [-2011, 'Unknown order sent.'],
};

/** What the model refused, in Binance's words; null for what is a fault of the program. */
export function binanceRefusal(error: unknown): BinanceRefusal | null {
  if (error instanceof BinanceRefusal) return error;
  if (!(error instanceof VenueError)) return null;
  const said = words[error.details.rule as Rule];
  return said === undefined ? new BinanceRefusal(-1000, error.message) : new BinanceRefusal(...said);
}

export function missing(parameter: string): BinanceRefusal {
  return new BinanceRefusal(-1102, `Mandatory parameter '${parameter}' was not sent, was empty/null, or malformed.`);
}
