import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { canonicalJson } from '#engine/attestation/canonical.ts';
import { Stage } from '#engine/contract/manifest.ts';
import { RatchetError } from '#engine/errors.ts';
import { SyncStatus } from '#engine/store/rows.ts';
import { Control, ControlMode } from './control.ts';
import { enginePaths } from './options.ts';

/** The file on the state branch by which the engine says how it is. */
export const statusPath = 'status.json';

export const StrategyStatus = z.strictObject({
  id: z.string(),
  status: SyncStatus,
  /** Stable, for programs: `running`, `on-trial`, `unsigned`, `bad-signature`, `quarantined`, `fault`, `breach`, … */
  code: z.string(),
  /** Empty when all is well. */
  reason: z.string(),
  /** What runs; null when nothing does. */
  tree: z.string().nullable(),
  /** The main commit it was loaded from. */
  commit: z.string().nullable(),
  /** Of what runs, else of what main asks for; null when that cannot be read either. */
  stage: Stage.nullable(),
  /** What main asks for; null when main no longer has it. */
  desiredTree: z.string().nullable(),
  /** How many symbols it holds. */
  positions: z.int(),
});
export type StrategyStatus = z.infer<typeof StrategyStatus>;

/** What an earlier version of Ratchet published; to this one it is as if nothing had been published yet. */
const earlierSchemas: readonly unknown[] = ['ratchet/engine-status/1'];

export const EngineStatus = z.strictObject({
  schema: z.literal('ratchet/engine-status/2'),
  /** The worst of the strategies' and of the engine's own. */
  status: SyncStatus,
  /** Empty when all is well. */
  reason: z.string(),
  /** Main's commit as last reconciled: what it asks for is what the strategies' statuses speak of. Null before the first time. */
  commit: z.string().nullable(),
  /** The order it obeys now, whole: so a reader knows which one was taken up. */
  control: Control,
  /** `control.mode`, for those who ask for no more. */
  mode: ControlMode,
  /** `waiting` before anything runs, `end-of-data` when a replay has nothing more to play. */
  feed: z.enum(['waiting', 'catching-up', 'running', 'end-of-data']),
  strategies: z.array(StrategyStatus),
});
export type EngineStatus = z.infer<typeof EngineStatus>;

/** A problem that is not one strategy's: keys that changed, a history that was rewritten. */
export interface EngineProblem {
  readonly status: 'OutOfSync' | 'Degraded';
  readonly code: string;
  readonly reason: string;
}

const severity: Readonly<Record<SyncStatus, number>> = { Synced: 0, OutOfSync: 1, Degraded: 2 };

/** What the engine says of itself, whole. */
export function composeStatus(
  facts: Pick<EngineStatus, 'strategies' | 'commit' | 'control' | 'feed'> & { readonly problems: readonly EngineProblem[] },
): EngineStatus {
  const { strategies, problems, commit, control, feed } = facts;
  const whole = summarise(strategies, problems);
  return { schema: 'ratchet/engine-status/2', ...whole, commit, control, mode: control.mode, feed, strategies };
}

/** The whole is as well as its worst part. */
export function summarise(
  strategies: readonly StrategyStatus[],
  problems: readonly EngineProblem[],
): { status: SyncStatus; reason: string } {
  const parts: { status: SyncStatus; reason: string }[] = [
    ...problems,
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

/**
 * Null for what an engine of an earlier version published: one of this version writes its own with its first look at main.
 * @throws RatchetError `engine/bad-status` when the text is not what an engine publishes
 */
export function parseStatus(text: string): EngineStatus | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'schema' in value && earlierSchemas.includes(value.schema)) return null;
    return EngineStatus.parse(value);
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new RatchetError(
      'engine/bad-status',
      `${statusPath} cannot be read: ${why}`,
      'The engine writes it again at its next change.',
      {},
      error,
    );
  }
}

/** Whole or not at all: readers never see half a file. */
export function writeLocalStatus(dir: string, status: EngineStatus): void {
  const { status: path } = enginePaths(dir);
  writeFileSync(`${path}.new`, statusText(status));
  renameSync(`${path}.new`, path);
}

/** What the engine in `dir` last said of itself; null when none of this version ever ran there. */
export function readLocalStatus(dir: string): EngineStatus | null {
  let text: string;
  try {
    text = readFileSync(enginePaths(dir).status, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  return parseStatus(text);
}
