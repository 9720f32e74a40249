import { harsherTrials } from '#bot/evidence/ledger.ts';
import type { Statistics } from '#bot/evidence/pack/statistics.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import { deflatedSharpe } from '#engine/statistics/deflated-sharpe.ts';
import { minimumTrackRecord } from '#engine/statistics/minimum-track-record.ts';
import type { Series } from '#engine/statistics/observations.ts';
import { probabilisticSharpe } from '#engine/statistics/probabilistic-sharpe.ts';
import { sharpeSampleOf } from '#engine/statistics/sharpe-ratio.ts';
import { perYear } from './annual.ts';

type Luck = Pick<
  Statistics,
  'observations' | 'sharpe' | 'probabilisticSharpe' | 'deflatedSharpe' | 'deflation' | 'minTrackRecordDays' | 'trials'
>;

/**
 * How likely a Sharpe ratio is to be more than luck: alone (Bailey and López de Prado 2012), after all trials ever made (2014), and
 * after how many days that would be sure. Of raw and clustered trials the harsher count is used, with its own variance; where no
 * variance is known, one trial needs none and more cannot be deflated.
 * @param returns daily, of the candidate on the selection data
 */
export function luck(returns: Series, search: Pack['search']): Luck {
  const trials = { raw: search.trialsEver, effective: search.trialsEffective };
  const sample = sharpeSampleOf(returns);
  if (sample === null) {
    return {
      observations: returns.length,
      sharpe: null,
      probabilisticSharpe: null,
      deflatedSharpe: null,
      deflation: null,
      minTrackRecordDays: null,
      trials,
    };
  }
  const harsher = harsherTrials(search);
  const variance = harsher.trials === 1 ? 0 : harsher.sharpeVariance;
  const deflated = variance === null ? null : deflatedSharpe(sample, harsher.trials, variance);
  return {
    observations: sample.observations,
    sharpe: perYear(sample.sharpe),
    probabilisticSharpe: probabilisticSharpe(sample),
    deflatedSharpe: deflated?.probability ?? null,
    deflation: deflated === null ? null : { counted: harsher.counted, benchmark: perYear(deflated.benchmark) },
    minTrackRecordDays: minimumTrackRecord(sample),
    trials,
  };
}
