import { z } from 'zod';
import { Count, Interval, Probability } from './units.ts';

/** The night's best is the best of many: what the others say about it. On the development data, from the ledger's returns. */
const Overfitting = z.strictObject({
  /** Series of returns there were to choose from. */
  trials: Count,
  /** Ways of halving time. */
  splits: Count,
  /** Share of the splits in which the best of one half was no better than the middle in the other. */
  probability: Probability.nullable(),
  /** Share of the splits in which it lost there. */
  probabilityOfLoss: Probability.nullable(),
  /** Change of the Sharpe ratio not seen for one of that seen. */
  degradationSlope: z.number().nullable(),
});

const BestOfNight = z.strictObject({
  trials: Count,
  /** Hansen's p-value, the one to read; and the bounds it lies between. */
  superiorPredictiveAbility: z.strictObject({ pValue: Probability, lower: Probability, upper: Probability }).nullable(),
  /** White's p-value. */
  realityCheck: z.strictObject({ pValue: Probability }).nullable(),
});
export type BestOfNight = z.infer<typeof BestOfNight>;

/** A small search over the candidate's rules, run again on candles whose moves were shuffled. Development data. */
const Permutation = z.strictObject({
  permutations: Count,
  /** Configurations each of the searches tries. */
  configurations: Count,
  /** Annual Sharpe ratio of the best that the search finds in the candles as they are. */
  observed: z.number().nullable(),
  /** The middle of what it finds in shuffled ones. */
  medianPermuted: z.number().nullable(),
  /** Searches in shuffled candles that found as much. */
  atLeast: Count.nullable(),
  pValue: Probability.nullable(),
  /** The smallest p-value that so many permutations can give. */
  resolution: Probability,
});
export type Permutation = z.infer<typeof Permutation>;

/** How sure the numbers are. On the daily returns of the candidate on the selection data unless said otherwise; Sharpe ratios annual. */
export const Statistics = z.strictObject({
  /** Days. */
  observations: Count,
  sharpe: z.number().nullable(),
  /** Chance that the true Sharpe ratio lies above zero. */
  probabilisticSharpe: Probability.nullable(),
  /** The same above what the best of all trials ever would show by luck; by the harsher count of trials. */
  deflatedSharpe: Probability.nullable(),
  /** What that luck is. */
  deflation: z
    .strictObject({
      counted: z.enum(['raw', 'clustered']),
      /** Annual Sharpe ratio. */
      benchmark: z.number().nonnegative(),
    })
    .nullable(),
  /** How many such days it takes to be 95 % sure that the ratio lies above zero. */
  minTrackRecordDays: z.number().positive().nullable(),
  trials: z.strictObject({ raw: z.number().int().positive(), effective: z.number().int().positive() }),
  overfitting: Overfitting,
  bestOfNight: BestOfNight,
  permutation: Permutation,
  /** Stationary bootstrap. */
  intervals: z.strictObject({
    sharpe: Interval.nullable(),
    netReturn: Interval.nullable(),
    /** At ends of days. */
    maxDrawdown: Interval.nullable(),
  }),
});
export type Statistics = z.infer<typeof Statistics>;
