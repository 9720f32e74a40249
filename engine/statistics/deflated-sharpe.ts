import { expectedMaximum } from './expected-maximum.ts';
import { demandWithin } from './observations.ts';
import { probabilisticSharpe } from './probabilistic-sharpe.ts';
import type { SharpeSample } from './sharpe-ratio.ts';

export interface DeflatedSharpe {
  /** The Sharpe ratio, per observation, that the best of so many worthless trials shows on average. */
  readonly benchmark: number;
  /** Probability that the true ratio lies above zero once that luck is taken off; null as in `probabilisticSharpe`. */
  readonly probability: number | null;
}

/**
 * The probabilistic Sharpe ratio against the best that luck alone would have shown: the benchmark is √V[SR]·E[max of N].
 * Bailey and López de Prado (2014), "The deflated Sharpe ratio", equations 1 and 2.
 * @param trials how many independent configurations were tried, this one included; at least 1
 * @param trialVariance variance (n - 1) of the trials' Sharpe ratios, per observation; with one trial it plays no part
 * @throws statistics/not-finite, statistics/out-of-range
 */
export function deflatedSharpe(sample: SharpeSample, trials: number, trialVariance: number): DeflatedSharpe {
  demandWithin(trialVariance, 0, Number.MAX_VALUE, 'the variance of the trials');
  const benchmark = Math.sqrt(trialVariance) * expectedMaximum(trials);
  return { benchmark, probability: probabilisticSharpe(sample, benchmark) };
}
