import { missing } from '#engine/contract/intrinsics.ts';

// Bundled into the strategy realm: no Node imports here.

/**
 * The money. After every event, to within rounding,
 *
 *     cash + holdings at cost = capital + realised - fees
 *
 * where holdings at cost is the sum of the books' `cost`. All in the quote asset.
 */
export class Account {
  readonly capital: number = missing;
  cash: number = missing;
  /** Paid so far, on entries and exits. */
  fees = 0;
  /** Proceeds of what was sold less its cost, before fees. */
  realised = 0;
  /** Value of everything bought and sold so far. */
  turnover = 0;

  constructor(capital: number) {
    if (!(capital > 0) || !Number.isFinite(capital)) throw new RangeError(`The capital must be above zero, not ${capital}.`);
    this.capital = capital;
    this.cash = capital;
  }
}
