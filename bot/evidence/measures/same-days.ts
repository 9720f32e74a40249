import { daysOf } from '#bot/evidence/ledger.ts';
import type { Span } from '#engine/candles/types.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Series } from '#engine/statistics/observations.ts';

/**
 * The ledger's returns must be of the days the incumbent is run on, or the two cannot be compared.
 * @throws RatchetError `evidence/other-days`
 */
export function requireSameDays(trials: readonly Series[], development: Span): void {
  const { days } = daysOf(development);
  const other = trials.find((series) => series.length !== days);
  if (other === undefined) return;
  throw new RatchetError(
    'evidence/other-days',
    `The ledger keeps ${other.length} days of returns of the night's trials; the development data have ${days}.`,
    'The cuts in policies/evaluation.yaml were moved after that night; close the proposal and let a new night look.',
    { kept: other.length, days },
  );
}
