import { existsSync, readFileSync } from 'node:fs';
import type { ForwardEvidence } from '#bot/gates/forward-evidence.ts';
import { measureForward } from '#bot/readiness/measure.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { loadDataset } from '#engine/candles/load-dataset.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Repository } from '#engine/repository/repository.ts';
import type { StateReader } from '#engine/repository/state-branch.ts';
import type { ForwardMarket } from '#engine/runtime/forward/replay-forward.ts';
import { enginePaths } from '#engine/runtime/options.ts';
import { openReader } from '#engine/store/engine-reader.ts';
import { Market } from '../up/prepare-market.ts';
import type { Workspace } from '../up/workspace.ts';

type Place = Pick<Workspace, 'engine' | 'market' | 'candles'>;

/** Whether an engine keeps its record in this workspace. */
export function hasRecord({ engine }: Pick<Workspace, 'engine'>): boolean {
  return existsSync(enginePaths(engine).status);
}

/** Market time up to which the record in a workspace goes, UTC milliseconds; null where there is none. */
export function recordedUntil(place: Pick<Workspace, 'engine'>): number | null {
  if (!hasRecord(place)) return null;
  const reader = openReader(place.engine);
  try {
    return reader.lastFeedTime();
  } finally {
    reader.close();
  }
}

/**
 * What the versions that run here have shown, from the engine's record and the candles of the workspace.
 * @throws RatchetError `policy/unreadable`
 */
export async function measureHere(
  place: Place,
  { repository, state }: { readonly repository: Repository; readonly state: StateReader },
  { now, only = null }: { readonly now: number; readonly only?: string | null },
): Promise<readonly ForwardEvidence[]> {
  const reader = openReader(place.engine);
  try {
    return await measureForward({ reader, repository, state, market: marketOf(place), now }, only);
  } finally {
    reader.close();
  }
}

/** What the engine trades on here; null where the candles are gone or are others. */
function marketOf({ market, candles }: Place): ForwardMarket | null {
  if (!existsSync(market)) return null;
  const { dataset, evaluation } = Market.parse(JSON.parse(readFileSync(market, 'utf8')));
  let store: CandleStore | null = null;
  try {
    store = CandleStore.openExisting(candles);
    return { dataset, columns: loadDataset(store, dataset), markets: evaluation.markets };
  } catch (error) {
    if (!(error instanceof RatchetError) || !error.code.startsWith('candles/')) throw error;
    return null;
  } finally {
    store?.close();
  }
}
