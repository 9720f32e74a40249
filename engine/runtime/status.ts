import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { canonicalJson } from '#engine/attestation/canonical.ts';
import { Stage } from '#engine/contract/manifest.ts';
import { SyncStatus } from '#engine/store/rows.ts';
import { enginePaths } from './options.ts';

/** The file on the state branch by which the engine says how it is. */
export const statusPath = 'status.json';

export const StrategyStatus = z.strictObject({
  id: z.string(),
  status: SyncStatus,
  /** Stable, for programs: `running`, `on-trial`, `unsigned`, `bad-signature`, `quarantined`, `fault`, … */
  code: z.string(),
  reason: z.string(),
  /** What runs; null when nothing does. */
  tree: z.string().nullable(),
  /** The main commit it was loaded from. */
  commit: z.string().nullable(),
  stage: Stage.nullable(),
  /** What main asks for; null when main no longer has it. */
  desiredTree: z.string().nullable(),
  positions: z.int(),
});
export type StrategyStatus = z.infer<typeof StrategyStatus>;

export const EngineStatus = z.strictObject({
  schema: z.literal('ratchet/engine-status/1'),
  /** The worst of the strategies' and of the engine's own. */
  status: SyncStatus,
  reason: z.string(),
  /** Main's commit as last reconciled; null before the first time. */
  commit: z.string().nullable(),
  mode: z.enum(['active', 'reducing', 'halted']),
  /** `end-of-data` when a replay has nothing more to play. */
  feed: z.enum(['waiting', 'catching-up', 'running', 'end-of-data']),
  strategies: z.array(StrategyStatus),
});
export type EngineStatus = z.infer<typeof EngineStatus>;

const severity: Readonly<Record<SyncStatus, number>> = { Synced: 0, OutOfSync: 1, Degraded: 2 };

/** The whole is as well as its worst part; `problem` is one of the engine itself. */
export function summarise(
  strategies: readonly StrategyStatus[],
  problem: { readonly status: SyncStatus; readonly reason: string } | null,
): { status: SyncStatus; reason: string } {
  const parts = [
    ...(problem === null ? [] : [problem]),
    ...strategies
      .filter(({ status }) => status !== 'Synced')
      .map(({ id, status, reason }) => ({ status, reason: `${id}: ${reason}` })),
  ];
  const status = parts.reduce<SyncStatus>(
    (worst, part) => (severity[part.status] > severity[worst] ? part.status : worst),
    'Synced',
  );
  return { status, reason: parts.map(({ reason }) => reason).join('; ') };
}

export function statusText(status: EngineStatus): string {
  return `${canonicalJson(status)}\n`;
}

/** Whole or not at all: readers never see half a file. */
export function writeLocalStatus(dir: string, status: EngineStatus): void {
  const { status: path } = enginePaths(dir);
  writeFileSync(`${path}.new`, statusText(status));
  renameSync(`${path}.new`, path);
}

/** What the engine in `dir` last said of itself; null when it never ran. */
export function readLocalStatus(dir: string): EngineStatus | null {
  let text: string;
  try {
    text = readFileSync(enginePaths(dir).status, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  return EngineStatus.parse(JSON.parse(text));
}
