import { normalCdf } from './normal-distribution.ts';
import { demandWithin } from './observations.ts';
import { type SharpeSample, sharpeVarianceFactor } from './sharpe-ratio.ts';

/**
 * Probability that the true Sharpe ratio lies above the benchmark, given the one that was measured, the length of the record
 * and the skew and fat tails of its returns: Φ((SR - SR*)·√(T - 1) / √(1 - γ₃·SR + (γ₄ - 1)/4·SR²)).
 * Bailey and López de Prado (2012), "The Sharpe ratio efficient frontier", the formula of the PSR.
 * @param benchmark Sharpe ratio per observation, like the measured one
 * @returns in [0, 1]; null below two observations, or where the moments leave the ratio no error
 * @throws statistics/not-finite, statistics/out-of-range
 */
export function probabilisticSharpe(sample: SharpeSample, benchmark = 0): number | null {
  demandWithin(benchmark, -Number.MAX_VALUE, Number.MAX_VALUE, 'the benchmark');
  const factor = sharpeVarianceFactor(sample);
  if (factor === null || sample.observations < 2) return null;
  return normalCdf(((sample.sharpe - benchmark) * Math.sqrt(sample.observations - 1)) / Math.sqrt(factor));
}
