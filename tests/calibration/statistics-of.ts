import { effectiveNumber, harsherTrials } from '#bot/evidence/ledger.ts';
import type { PolicyFacts } from '#bot/gates/policy/facts.ts';
import { deflatedSharpe } from '#engine/statistics/deflated-sharpe.ts';
import { varianceOf } from '#engine/statistics/moments.ts';
import { overfittingProbability } from '#engine/statistics/overfitting-probability.ts';
import { probabilisticSharpe } from '#engine/statistics/probabilistic-sharpe.ts';
import { sharpeRatio, sharpeSampleOf } from '#engine/statistics/sharpe-ratio.ts';

type Statistics = NonNullable<PolicyFacts['evidence']['statistics']>;

/**
 * What the evidence says of chance, for a first night: no trials were made before it, so nothing but its own is taken off.
 * @param trials daily returns of all trials on the development data @param candidate those of the chosen one on the selection data
 */
export function statisticsOf(trials: readonly Float64Array[], candidate: Float64Array): Statistics {
  const ideas = effectiveNumber([
    { firstDay: 0, days: trials[0]!.length, trials: trials.map((_, index) => index + 1), series: trials },
  ]);
  const { trials: count, sharpeVariance } = harsherTrials({
    trialsEver: trials.length,
    trialsEffective: Math.max(1, ideas.count),
    sharpeVariance: varianceOf(trials.map(sharpeRatio).filter((sharpe) => sharpe !== null)),
    sharpeVarianceEffective: ideas.sharpeVariance,
  });
  const sample = sharpeSampleOf(candidate);
  const statistics: { -readonly [K in keyof Statistics]: Statistics[K] } = { trialsEffective: ideas.count };
  const deflated = sample === null || sharpeVariance === null ? null : deflatedSharpe(sample, count, sharpeVariance).probability;
  if (deflated !== null) statistics.deflatedSharpe = deflated;
  const plain = sample === null ? null : probabilisticSharpe(sample);
  if (plain !== null) statistics.probabilisticSharpe = plain;
  const overfitting = overfittingProbability(trials);
  if (overfitting !== null) statistics.overfittingProbability = overfitting.probability;
  return statistics;
}
