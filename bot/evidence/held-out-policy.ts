import { z } from 'zod';

/** Where it is written what may be asked of the selection data and of the vault. */
export const HELD_OUT_PATH = 'policies/held-out.yaml';

const Count = z.number().int().positive();

export const HeldOutPolicy = z.strictObject({
  selection: z.strictObject({
    /** Lead over the incumbent that is asked for, ratio a year. */
    threshold: z.number().nonnegative(),
    /** Scale of the noise, in the units of the threshold. */
    noise: z.number().positive(),
    /** How often "above" may be answered. */
    answers: Count,
    /** New days of selection data that give one answer back. */
    daysPerAnswer: Count,
  }),
  vault: z.strictObject({
    /** Error probability of all openings that stand, together. */
    alpha: z.number().positive().lt(1),
    /** Ratio a year by which a candidate may be behind the incumbent before it counts as worse. */
    margin: z.number().positive(),
    /** New days that give one opening back. */
    daysPerOpening: Count,
  }),
});
export type HeldOutPolicy = z.infer<typeof HeldOutPolicy>;
