import { z } from 'zod';
import { PairedInterval } from './units.ts';

/**
 * Candidate minus another, on the daily returns of the selection data, both drawn again in the same blocks of days (stationary
 * bootstrap). Null where the two leave nothing to compare.
 */
export const Difference = z.strictObject({
  /** Over the whole span, ratio. */
  netReturn: PairedInterval.nullable(),
  /** Annual. */
  sharpe: PairedInterval.nullable(),
  /** At ends of days; below zero the candidate fell less. */
  maxDrawdown: PairedInterval.nullable(),
});
export type Difference = z.infer<typeof Difference>;

export const Comparison = z.strictObject({ incumbent: Difference, buyAndHold: Difference });
