import type { EngineReader } from '#engine/store/engine-reader.ts';
import type { PaperRecord } from './observe.ts';

/** What the engine's store says of one strategy up to a market time. */
export function paperRecordFrom(reader: EngineReader, strategy: string, asOf: number): PaperRecord {
  const decisions = reader.decisionCounts(asOf).filter((row) => row.strategy === strategy);
  return {
    trades: reader.trades(asOf).filter((row) => row.strategy === strategy),
    decisionCounts: decisions.map(({ action, count }) => ({ action, count })),
    lastBarTime: reader.equitySeries(asOf, strategy).at(-1)?.instant ?? null,
  };
}
