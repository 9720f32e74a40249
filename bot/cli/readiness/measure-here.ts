import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ForwardEvidence } from '#bot/gates/forward-evidence.ts';
import { measureForward } from '#bot/readiness/measure.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { loadDataset } from '#engine/candles/load-dataset.ts';
import { selectDataset } from '#engine/candles/select-dataset.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Repository } from '#engine/repository/repository.ts';
import type { StateReader } from '#engine/repository/state-branch.ts';
import type { ForwardMarket } from '#engine/runtime/forward/replay-forward.ts';
import { enginePaths } from '#engine/runtime/options.ts';
import { followedExchange } from '#engine/runtime/same-market.ts';
import { storedMarkets } from '#engine/runtime/stored-markets.ts';
import { type EngineReader, openReader } from '#engine/store/engine-reader.ts';
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
  const opened = openMarket(place, reader);
  try {
    return await measureForward({ reader, repository, state, market: opened?.market ?? null, now }, only);
  } finally {
    opened?.store.close();
    reader.close();
  }
}

/** What the engine trades on here; null where there are no candles, or no one knows what the markets charge. */
function openMarket(place: Place, reader: EngineReader): { readonly market: ForwardMarket; readonly store: CandleStore } | null {
  const followed = followedExchange(reader);
  const folder = followed?.isRehearsal === true ? join(place.candles, 'rehearsal') : place.candles;
  if (!CandleStore.exists(folder)) return null;
  if (followed === null && !existsSync(place.market)) return null;
  const store = CandleStore.openExisting(folder);
  try {
    return {
      store,
      market: followed === null ? replayed(place, store) : following(followed.exchange, store, storedMarkets(reader)),
    };
  } catch (error) {
    store.close();
    if (!(error instanceof RatchetError) || error.code !== 'engine/no-markets') throw error;
    return null;
  }
}

/** The very candles that are played, each series checked against its digest. */
function replayed(place: Place, store: CandleStore): ForwardMarket {
  const { dataset, evaluation } = Market.parse(JSON.parse(readFileSync(place.market, 'utf8')));
  let columns: ReturnType<typeof loadDataset> | null = null;
  return {
    candlesFor: () => {
      columns ??= loadDataset(store, dataset);
      return { dataset, columns, corrections: [] };
    },
    markets: evaluation.markets,
  };
}

/** What the feed has stored of the exchange, as it was traded on. */
function following(venue: string, store: CandleStore, markets: ForwardMarket['markets']): ForwardMarket {
  return {
    candlesFor: ({ symbols, timeframe }) => {
      const dataset = selectDataset(
        store,
        symbols.map((symbol) => ({ symbol, timeframe })),
        { venue },
      );
      const corrections = store.corrections
        .list()
        .filter((one) => one.venue === venue)
        .map(({ symbol, is }) => ({ symbol, time: is.time }));
      return { dataset, columns: loadDataset(store, dataset), corrections };
    },
    markets,
  };
}
