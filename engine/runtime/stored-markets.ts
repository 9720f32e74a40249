import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';
import { StoredMarketRules } from '#engine/simulation/market-rules-schema.ts';
import type { MarketRules } from '#engine/simulation/types.ts';
import type { EngineReader } from '#engine/store/engine-reader.ts';
import type { EngineStore } from '#engine/store/engine-store.ts';

const marketsKey = 'market-rules';
const StoredMarkets = z.record(z.string(), StoredMarketRules);

/** What paper accounts are charged, by symbol, for whoever reads the record without the engine's options. */
export function keepMarkets(store: EngineStore, markets: Readonly<Record<string, MarketRules>>): void {
  store.setMeta(marketsKey, JSON.stringify(markets));
}

/** @throws RatchetError `engine/no-markets` for a record that no engine of this version has opened yet */
export function storedMarkets(record: Pick<EngineReader, 'meta'>): Record<string, MarketRules> {
  const stored = record.meta(marketsKey);
  if (stored !== null) return StoredMarkets.parse(JSON.parse(stored));
  throw new RatchetError('engine/no-markets', 'The record does not say what its markets charge yet.', 'Start the engine once.');
}
