import type { Measure } from '#bot/evidence/pack.ts';
import type { Run, VersionRecord } from './version-record.ts';

export const DAY_MS = 86_400_000;

export type Measured = Readonly<Record<Measure, number | null>>;

/**
 * A version's measures at a market time, from the engine's benchmarks: net result of the trades it opened over the capital it began
 * with; its deepest fall; its winning share; closed trades a day since it was loaded. Null for each that there is nothing to make of.
 * @returns null where the record does not tell of that time
 */
export function measuredAt(record: VersionRecord, strategy: string, tree: string, run: Run, at: number): Measured | null {
  const truth = record.truthAt(strategy, tree, at);
  if (truth === null) return null;
  const days = (at - run.since) / DAY_MS;
  return {
    netReturn: run.capital > 0 ? truth.netResult / run.capital : null,
    maxDrawdown: truth.drawdownWorst,
    winRate: truth.winRate,
    tradesPerDay: days > 0 ? truth.trades / days : null,
  };
}
