import type { BestOfNight } from '#bot/evidence/pack/statistics.ts';
import type { Series } from '#engine/statistics/observations.ts';
import { realityCheck } from '#engine/statistics/reality-check.ts';
import { superiorPredictiveAbility } from '#engine/statistics/superior-predictive-ability.ts';
import { streamOf } from './streams.ts';

/**
 * Whether the best of the night's trials beats the incumbent once it is remembered that it is the best of so many (Hansen 2005;
 * White 2000): differences of daily returns on the development data.
 * @param incumbent on the same days
 */
export function bestOfNight(
  trials: readonly Series[],
  incumbent: Series,
  { seed, resamples }: { seed: number; resamples: number },
): BestOfNight {
  const ahead = trials.map((one) => Float64Array.from(one, (value, day) => value - incumbent[day]!));
  const ability = superiorPredictiveAbility(ahead, { random: streamOf(seed, 'superior-ability'), resamples });
  const reality = realityCheck(ahead, { random: streamOf(seed, 'reality-check'), resamples });
  return {
    trials: trials.length,
    superiorPredictiveAbility:
      ability === null ? null : { pValue: ability.consistent, lower: ability.lower, upper: ability.upper },
    realityCheck: reality === null ? null : { pValue: reality.pValue },
  };
}
