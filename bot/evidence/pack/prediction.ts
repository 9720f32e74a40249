import { z } from 'zod';
import { Ratio } from './units.ts';

/**
 * What the candidate should do once it runs, if the selection days are anything to go by: its returns drawn again in blocks. Written
 * down before it runs, so that it can be scored. Null where there is too little to draw from.
 */
export const Prediction = z
  .strictObject({
    days: z.number().int().positive(),
    /** Nine of ten such futures end between `low` and `high`. */
    netReturn: z.strictObject({ low: Ratio, median: Ratio, high: Ratio }),
    /** Nineteen of twenty fall no deeper on the way, at ends of days. */
    maxDrawdown: Ratio,
    /** When either happens, what was promised is not what runs. */
    killRule: z.strictObject({
      /** A fall from a peak deeper than in 99 of 100 such futures, at any time. */
      maxDrawdown: Ratio,
      /** A net return below that of 95 of 100 such futures, after `afterDays`. */
      netReturn: Ratio,
      afterDays: z.number().int().positive(),
    }),
  })
  .nullable();
export type Prediction = z.infer<typeof Prediction>;
