import type { Measure } from '#bot/evidence/pack.ts';
import type { Figure, Run, VersionRecord } from './version-record.ts';

export const DAY_MS = 86_400_000;

const FIGURES: Readonly<Record<Measure, Figure>> = {
  netReturn: 'netResult',
  maxDrawdown: 'drawdownWorst',
  winRate: 'winRate',
  tradesPerDay: 'trades',
};

/**
 * A version's measure at a market time, from the engine's benchmarks: net result of the trades it opened over the capital it began
 * with; its deepest fall; its winning share; closed trades a day since it was loaded. Null where there is nothing to make it of, and
 * where the record does not tell of that time.
 */
export function measuredAt(
  measure: Measure,
  record: VersionRecord,
  version: { readonly strategy: string; readonly tree: string; readonly run: Run },
  at: number,
): number | null {
  const { strategy, tree, run } = version;
  const figure = record.figureAt(FIGURES[measure], strategy, tree, at);
  const per = measure === 'netReturn' ? run.capital : measure === 'tradesPerDay' ? (at - run.since) / DAY_MS : 1;
  return figure === null || per <= 0 ? null : figure / per;
}
