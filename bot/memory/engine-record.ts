import type { EngineReport } from '#engine/runtime/report.ts';
import { readStoredSlot } from '#engine/runtime/slot-memory.ts';
import type { EngineReader } from '#engine/store/engine-reader.ts';
import type { DeploymentRow } from '#engine/store/rows.ts';
import { DAY_MS } from './measured.ts';
import type { Run, VersionRecord } from './version-record.ts';

const HOUR_MS = 3_600_000;

/**
 * The engine's own record on this machine, as it stood at a market time.
 * @param asOf market time, UTC milliseconds
 */
export function recordIn(reader: EngineReader, asOf: number): VersionRecord {
  const deployments = reader.deployments(asOf);
  return {
    runOf(strategy, tree) {
      // What was tried and never took over did not run.
      const own = deployments.filter(
        (row) => row.strategy === strategy && row.outcome !== 'trial' && row.outcome !== 'fell-back',
      );
      const first = own.findIndex((row) => row.treeHash === tree);
      if (first < 0) return null;
      const { instant: since, stage } = own[first]!;
      const next = own.slice(first + 1).find((row) => row.treeHash !== tree);
      const capital = reader.equitySeries(since, strategy).at(-1)?.value ?? begunWith(reader, strategy);
      if (capital === null) return null;
      const until = next?.instant ?? removedAt(reader, own.findLast((row) => row.treeHash === tree)!, asOf);
      return { since, until, capital, isShadow: stage === 'shadow' };
    },
    figureAt: (figure, strategy, tree, at) => (at > asOf ? null : reader.figure(figure, strategy, tree, at)),
  };
}

/** What the account began with, quote asset; null for a strategy that has none. */
function begunWith(reader: EngineReader, strategy: string): number | null {
  const row = reader.accounts().find((one) => one.strategy === strategy);
  return row === undefined ? null : readStoredSlot(row).account.capital;
}

/** When one that nothing took the place of decided last; null while it goes on at that time, whatever happened later. */
function removedAt(reader: EngineReader, { strategy, treeHash, outcome }: DeploymentRow, asOf: number): number | null {
  const feed = reader.lastFeedTime();
  if (outcome !== 'removed' || feed === null) return null;
  const age = reader.figure('dataAge', strategy, treeHash, feed);
  const last = age === null ? null : feed - Math.round(age * HOUR_MS);
  return last === null || last >= asOf ? null : last;
}

/**
 * What an engine elsewhere has published: of the versions that run, as it stood when it wrote. It tells of that time and of no other, so
 * a forecast can be scored by it on the day on which it comes due.
 * @returns null when it was written after `asOf`: nothing of it may be known then
 */
export function recordOfReport(report: EngineReport, asOf: number): VersionRecord | null {
  const writtenAt = report.asOf;
  if (writtenAt === null || writtenAt > asOf) return null;
  const find = (strategy: string, tree: string) => report.strategies.find((one) => one.id === strategy && one.tree === tree);
  return {
    runOf(strategy, tree): Run | null {
      const found = find(strategy, tree);
      if (found === undefined) return null;
      const loaded = new Date(found.loadedInstant).toISOString().slice(0, 10);
      const before = found.dailyEquity.findLast(([day]) => day < loaded)?.[1];
      const capital = before ?? found.capital;
      return { since: found.loadedInstant, until: null, capital, isShadow: found.stage === 'shadow' };
    },
    figureAt: (figure, strategy, tree, at) =>
      Math.abs(at - writtenAt) > DAY_MS ? null : (find(strategy, tree)?.truth[figure] ?? null),
  };
}
