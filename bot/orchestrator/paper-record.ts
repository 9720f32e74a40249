import type { EngineReader } from '#engine/store/engine-reader.ts';
import type { PaperRecord } from './observe.ts';

/** What the engine's store says of one version of a strategy up to a market time. What its predecessors did is not its doing. */
export function paperRecordFrom(reader: EngineReader, strategy: string, tree: string, asOf: number): PaperRecord {
  const decisions = reader.decisionCounts(asOf, tree).filter((row) => row.strategy === strategy);
  return {
    trades: reader.trades(asOf).filter((row) => row.strategy === strategy && row.version === tree),
    decisionCounts: decisions.map(({ action, count }) => ({ action, count })),
    lastBarTime: reader.equitySeries(asOf, strategy).at(-1)?.instant ?? null,
  };
}
