import type { EngineReport } from '#engine/runtime/report.ts';
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

/** What the engine publishes of a version: its newest trades and decisions. The whole record is on the engine's own disk. */
export function paperRecordIn(report: EngineReport | null, strategy: string, tree: string): PaperRecord {
  const own = report?.strategies.find((one) => one.id === strategy && one.tree === tree);
  if (report === null || own === undefined) return { trades: [], decisionCounts: [], lastBarTime: null };
  const counts = new Map<string, number>();
  for (const { action } of own.decisions) counts.set(action, (counts.get(action) ?? 0) + 1);
  return {
    trades: own.trades.map(({ netResult, fees, exitTime }) => ({ netResult, fees, exitTime })),
    decisionCounts: [...counts].map(([action, count]) => ({ action, count })),
    lastBarTime: report.asOf,
  };
}
