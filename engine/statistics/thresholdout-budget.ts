import { RatchetError } from '#engine/errors.ts';
import { laplaceNoise } from './laplace-noise.ts';
import { demandCount, demandFinite, demandWithin } from './observations.ts';
import type { RandomSource } from './random-source.ts';

/** Data held out, of which only "above" and "below" are ever told. Plain data: kept by the caller, secret from who asks. */
export interface ThresholdoutBudget {
  /** What values are compared with, in their units. */
  readonly threshold: number;
  /** σ, in the same units: the more noise, the more questions the data stand. */
  readonly noiseScale: number;
  /** How many more times "above" may be answered. */
  readonly left: number;
  /** The threshold with its own noise, drawn anew after each "above". Who knows it can read the data through the answers. */
  readonly noisyThreshold: number;
  /** Questions answered so far. */
  readonly asked: number;
}

export type ThresholdoutAnswer = 'above' | 'below' | 'exhausted';

/**
 * A fresh budget. @param budget how many times "above" may be answered, at least 0
 * @param noiseScale at least 0; 0 gives exact answers, and then the data are used up by the first clever asker
 * @throws statistics/not-finite, statistics/out-of-range
 */
export function openThresholdout(
  { threshold, noiseScale, budget }: { threshold: number; noiseScale: number; budget: number },
  random: RandomSource,
): ThresholdoutBudget {
  demandFinite([threshold], 'the threshold');
  demandWithin(noiseScale, 0, Number.MAX_VALUE, 'the noise scale');
  demandCount(budget, 0, Number.MAX_SAFE_INTEGER, 'the budget');
  return { threshold, noiseScale, left: budget, noisyThreshold: threshold + laplaceNoise(random, 2 * noiseScale), asked: 0 };
}

/**
 * Whether a value computed on held-out data lies above the threshold: value + Laplace(4σ) against threshold + Laplace(2σ). Each
 * "above" costs one of the budget and draws the threshold's noise anew; "below" is free, so that data survive many bad questions;
 * with no budget left every answer is "exhausted", which tells nothing.
 * Dwork, Feldman, Hardt, Pitassi, Reingold and Roth (2015), "The reusable holdout: preserving validity in adaptive data analysis"
 * and "Generalization in adaptive data analysis and holdout reuse", algorithm Thresholdout, without the value it also tells.
 *
 * There the value is |estimate on development data - estimate on held-out data|; any value that one day of data moves little serves,
 * a candidate's score on the held-out data itself among them.
 * @param random a stream of its own for each question (named by `budget.asked`): the same noise twice can be averaged away
 * @returns the answer and the budget from now on; the one handed in is left as it is
 * @throws statistics/not-finite where there is no value to compare: nothing is spent
 */
export function askThresholdout(
  budget: ThresholdoutBudget,
  value: number,
  random: RandomSource,
): { readonly answer: ThresholdoutAnswer; readonly budget: ThresholdoutBudget } {
  if (!Number.isFinite(value)) {
    throw new RatchetError(
      'statistics/not-finite',
      `The value asked about is ${value}.`,
      'Ask about finite values only; the budget is untouched.',
      { value: String(value) },
    );
  }
  if (budget.left < 1) return { answer: 'exhausted', budget };
  const asked = budget.asked + 1;
  const isAbove = value + laplaceNoise(random, 4 * budget.noiseScale) > budget.noisyThreshold;
  const redrawn = budget.threshold + laplaceNoise(random, 2 * budget.noiseScale);
  if (!isAbove) return { answer: 'below', budget: { ...budget, asked } };
  return { answer: 'above', budget: { ...budget, left: budget.left - 1, noisyThreshold: redrawn, asked } };
}
