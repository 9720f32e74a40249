import { type LedgerReading, readLedgerFrom } from '#bot/evidence/ledger.ts';
import { selectionBudget } from '#bot/evidence/selection-budget.ts';
import { lifeAt } from '#bot/gates/life-policy.ts';
import { AUTONOMY_PATH } from '#bot/gates/policies.ts';
import { autonomyAt } from './autonomy.ts';
import { whyNoRoom } from './life/room-to-propose.ts';
import type { Night, NightOptions } from './night-options.ts';
import { branchOf } from './propose.ts';

/** Why whatever would be found could not be proposed, or not be examined; null while nothing stands in the way. */
export async function whyNothingMayCome(options: NightOptions, night: Night): Promise<string | null> {
  const { repository, api, strategy, state } = options;
  if ((await autonomyAt(repository, night.main, options.forge)) === 'observe')
    return `${AUTONOMY_PATH} lets the bot observe only, so nothing was searched.`;
  const life = await lifeAt(repository, night.main);
  const own = branchOf(strategy, night.cycle);
  const full = life === null ? null : whyNoRoom(life, await api.branches.latestPulls(), own, (options.clock ?? Date.now)());
  if (full !== null) return `${full} Nothing was searched.`;
  return noAnswerLeft(await readLedgerFrom(state), night);
}

/**
 * Why a search would be in vain: nothing it finds could be examined. Null while the selection data have answers left, and in a night
 * that is run again, which goes on to the end it had.
 */
function noAnswerLeft(ledger: LedgerReading, { cycle, noise, yardstick }: Night): string | null {
  if (ledger.entries.some((record) => record.cycle === cycle && record.entry.kind === 'trials-planned')) return null;
  const { left, daysToRefill } = selectionBudget(ledger, noise, yardstick.spans.selection);
  if (left > 0) return null;
  return `The selection data have no answer left of ${noise.policy.answers}; ${daysToRefill} new days of them give one back. Nothing was searched, because nothing could be examined.`;
}
