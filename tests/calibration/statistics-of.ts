import { effectiveNumber, ideasOf } from '#bot/evidence/ledger.ts';
import { luck } from '#bot/evidence/measures/luck.ts';
import { overfitting } from '#bot/evidence/measures/overfitting.ts';
import type { PolicyFacts } from '#bot/gates/policy/facts.ts';
import { varianceOf } from '#engine/statistics/moments.ts';
import { sharpeRatio } from '#engine/statistics/sharpe-ratio.ts';

type Statistics = NonNullable<PolicyFacts['evidence']['statistics']>;

/** As the yardstick has it when it says nothing else. */
const OVERFITTING_BLOCKS = 16;

/**
 * What evidence says of chance, by the functions that make a pack, for a first night: no trials were made before it, so nothing but its
 * own is taken off.
 * @param trials daily returns of all trials on the development data @param candidate those of the chosen one on the selection data
 */
export function statisticsOf(trials: readonly Float64Array[], candidate: Float64Array): Statistics {
  const night = { firstDay: 0, days: trials[0]!.length, trials: trials.map((_, index) => index + 1), series: trials };
  const ideas = effectiveNumber([{ ...night, ideas: ideasOf(night) }]);
  const found = luck(candidate, {
    trials: trials.length,
    trialsEver: trials.length,
    trialsEffective: Math.max(1, ideas.count),
    sharpeVariance: varianceOf(trials.map(sharpeRatio).filter((sharpe) => sharpe !== null)),
    sharpeVarianceEffective: ideas.sharpeVariance,
    ledgerHead: `sha256:${'0'.repeat(64)}`,
  });
  return known({
    deflatedSharpe: found.deflatedSharpe,
    probabilisticSharpe: found.probabilisticSharpe,
    minTrackRecordDays: found.minTrackRecordDays,
    overfittingProbability: overfitting(trials, OVERFITTING_BLOCKS).probability,
    trialsEffective: found.trials.effective,
  });
}

/** A fact that nobody has is absent, never null. */
function known(facts: { readonly [K in keyof Statistics]: Statistics[K] | null }): Statistics {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== null));
}
