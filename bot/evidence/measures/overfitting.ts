import type { Statistics } from '#bot/evidence/pack/statistics.ts';
import type { Series } from '#engine/statistics/observations.ts';
import { overfittingProbability } from '#engine/statistics/overfitting-probability.ts';

/** Whether choosing the best of the night's trials was worth anything in time it had not seen (CSCV, see `overfittingProbability`). */
export function overfitting(trials: readonly Series[], blocks: number): Statistics['overfitting'] {
  const found = overfittingProbability(trials, blocks);
  return {
    trials: trials.length,
    splits: found?.splits ?? 0,
    probability: found?.probability ?? null,
    probabilityOfLoss: found?.probabilityOfLoss ?? null,
    degradationSlope: found?.degradationSlope ?? null,
  };
}
