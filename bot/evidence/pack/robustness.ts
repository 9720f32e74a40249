import { z } from 'zod';
import { Count, Probability, Ratio } from './units.ts';

export const Pair = z.strictObject({ candidate: Ratio, incumbent: Ratio });

/** Net return on the selection data when fees, spread and slippage are multiplied. */
export const Costs = z.array(Pair.extend({ multiplier: z.number().int().positive() })).min(1);

/** How often the assumed costs can be paid until nothing is left on the selection data. */
export const BreakEven = z.discriminatedUnion('outcome', [
  /** To 1/16: at `multiplier` it still earned, a sixteenth more and it did not. */
  z.strictObject({ outcome: z.literal('found'), multiplier: z.number().nonnegative() }),
  /** It does not even earn when trading is free. */
  z.strictObject({ outcome: z.literal('never-earns') }),
  /** It still earns at the dearest that was tried. */
  z.strictObject({ outcome: z.literal('beyond'), multiplier: z.number().positive() }),
]);
export type BreakEven = z.infer<typeof BreakEven>;

/** What becomes of the net return on the selection data when the parameters are shaken. */
export const Neighbourhood = z.array(
  z.strictObject({
    /** By how much of its value a parameter moves, at least by one step of its grid. */
    radius: Ratio,
    /** Configurations near the candidate that ran: each parameter alone up and down, and all at once in drawn directions. */
    neighbours: Count,
    /** Null without a neighbour. */
    median: Ratio.nullable(),
    worst: Ratio.nullable(),
    /** Share that did better than the incumbent. */
    shareAhead: Probability.nullable(),
  }),
);
export type Neighbourhood = z.infer<typeof Neighbourhood>;

const InRegime = z.strictObject({ netReturn: Ratio, trades: Count });

/** The selection days by what the market was doing; trades by the day they were opened on. Days without a regime are left out. */
export const Regimes = z.array(z.strictObject({ regime: z.string(), days: Count, candidate: InRegime, incumbent: InRegime }));
export type Regimes = z.infer<typeof Regimes>;

/** How alike the daily returns on the selection data are to those of what runs on the base. */
export const Correlation = z.array(
  z.strictObject({
    strategy: z.string(),
    /** What this candidate replaces, or one that goes on beside it. */
    role: z.enum(['incumbent', 'beside']),
    /** Pearson's; null below 20 days, where one of them does not move, or where the dataset cannot serve the other. */
    daily: z.number().min(-1).max(1).nullable(),
  }),
);
export type Correlation = z.infer<typeof Correlation>;

/** The candidate with more capital: a fill takes at most a set share of a bar's volume, so the rest of a large order waits. */
export const Capacity = z.strictObject({
  rows: z.array(z.strictObject({ capital: z.number().positive(), netReturn: Ratio })).min(1),
  /** The largest capital tried up to which at least half of the net return remains, quote asset; null where there is none to lose. */
  holdsUpTo: z.number().positive().nullable(),
});
export type Capacity = z.infer<typeof Capacity>;
