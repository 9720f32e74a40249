import { normalQuantile } from './normal-distribution.ts';
import { demandWithin } from './observations.ts';
import { type SharpeSample, sharpeVarianceFactor } from './sharpe-ratio.ts';

/**
 * How many observations of such returns it takes to be sure that their Sharpe ratio lies above the benchmark:
 * 1 + (1 - γ₃·SR + (γ₄ - 1)/4·SR²)·(Φ⁻¹(confidence) / (SR - SR*))².
 * Bailey and López de Prado (2012), "The Sharpe ratio efficient frontier", the formula of MinTRL. Over the observations in a year it is
 * in years.
 * @param sample its length plays no part
 * @param benchmark Sharpe ratio per observation
 * @param confidence in [0.5, 1)
 * @returns observations, not rounded; null where the measured ratio is not above the benchmark (no record is long enough) or the
 * moments leave it no error
 * @throws statistics/not-finite, statistics/out-of-range
 */
export function minimumTrackRecord(sample: SharpeSample, benchmark = 0, confidence = 0.95): number | null {
  demandWithin(benchmark, -Number.MAX_VALUE, Number.MAX_VALUE, 'the benchmark');
  demandWithin(confidence, 0.5, 1 - Number.EPSILON, 'the confidence');
  const factor = sharpeVarianceFactor(sample);
  if (factor === null || !(sample.sharpe > benchmark)) return null;
  const ratio = normalQuantile(confidence) / (sample.sharpe - benchmark);
  return 1 + factor * ratio * ratio;
}
