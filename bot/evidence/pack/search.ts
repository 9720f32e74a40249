import { z } from 'zod';
import { Digest } from './units.ts';

/** How hard was searched, as the trial ledger has it. */
export const Search = z.strictObject({
  /** Configurations evaluated in this night, failures included. */
  trials: z.number().int().positive(),
  /** In all nights up to and including this one. */
  trialsEver: z.number().int().positive(),
  /** How many ideas all scored trials ever amount to, by clustering their daily returns. */
  trialsEffective: z.number().int().positive(),
  /** Variance of the Sharpe ratios per day of all trials ever scored, and of the ideas; null below two. */
  sharpeVariance: z.number().nonnegative().nullable(),
  sharpeVarianceEffective: z.number().nonnegative().nullable(),
  /** Hash of the ledger's line that closed the night's search. */
  ledgerHead: Digest,
});
