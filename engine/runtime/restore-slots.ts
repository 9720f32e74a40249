import type { Stage } from '#engine/contract/manifest.ts';
import { explain } from '#engine/errors.ts';
import type { FeedSeries } from '#engine/feeds/feed.ts';
import type { Logger } from '#engine/log.ts';
import { commitHash, treeHash } from '#engine/repository/names.ts';
import type { Repository } from '#engine/repository/repository.ts';
import type { StateReader } from '#engine/repository/state-branch.ts';
import type { EngineStore } from '#engine/store/engine-store.ts';
import type { DeploymentRow } from '#engine/store/rows.ts';
import { type Examined, examine } from './candidate.ts';
import type { LoadedVersion, LoadVersion } from './loaded-version.ts';
import { type AccountKind, kindOfStored } from './slot-account.ts';
import { readStoredSlot, type StoredSlot } from './slot-memory.ts';
import type { StrategySlot } from './strategy-slot.ts';
import { pinnedKeys } from './trust.ts';

export interface RestoreRequest {
  readonly store: EngineStore;
  /** What ran, proven again from what is on this disk, or why it is not. */
  readonly prove: (deployment: DeploymentRow) => Promise<Examined | string>;
  readonly load: LoadVersion;
  readonly series: readonly FeedSeries[];
  /** Market time at which the record stopped. */
  readonly now: number;
  readonly newSlot: (id: string) => StrategySlot;
  /** Why a version of this stage may not trade here now; null where it may. */
  readonly realMoneyRefusal: (stage: Stage) => string | null;
  /** Whose money a stage trades with, as this engine was started. */
  readonly kindOf: (stage: Stage) => AccountKind;
  readonly log: Logger;
}

export interface ProofSource {
  readonly store: EngineStore;
  readonly repository: Repository;
  readonly state: StateReader;
}

/** Proves a version from the mirror, by the keys that were trusted last. Switches for money do not count: it was let in before. */
export async function proveFromMirror(
  { store, repository, state }: ProofSource,
  { strategy, treeHash: tree, commitHash: at }: DeploymentRow,
): Promise<Examined | string> {
  const commit = commitHash(at);
  if ((await repository.resolve(commit)) === null) return `commit ${commit.slice(0, 12)} is no longer in the mirror`;
  const examination = { repository, state, keys: pinnedKeys(store), commit, realMoneyRefusal: () => null };
  return examine({ id: strategy, tree: treeHash(tree) }, examination);
}

/**
 * Starts again what ran when the record stopped, from the mirror on this disk and without asking anyone. Signatures are
 * checked again. What cannot be started keeps its account: its protective orders work, and main may bring a version.
 */
export async function restoreSlots(request: RestoreRequest): Promise<Map<string, StrategySlot>> {
  const { store, newSlot, log } = request;
  const deployments = store.deployments();
  const slots = new Map<string, StrategySlot>();
  for (const row of store.accounts()) {
    const stored = readStoredSlot(row);
    const deployment = deployments.find(({ id }) => id === stored.deployment);
    if (deployment === undefined) continue;
    const slot = newSlot(stored.strategy);
    const version = await restoreVersion(request, stored, deployment);
    if (typeof version === 'string')
      log.error({ strategy: slot.id, reason: version }, 'The version that ran could not be started again.');
    slot.resume(stored, typeof version === 'string' ? null : version, typeof version === 'string' ? version : null);
    // Switched off meanwhile: it opens nothing, and its strategy goes on looking after what is held.
    if (typeof version !== 'string') slot.setMoneyRefusal(request.realMoneyRefusal(version.candidate.manifest.stage));
    slots.set(slot.id, slot);
  }
  return slots;
}

/** The version, or why there is none. */
async function restoreVersion(
  request: RestoreRequest,
  stored: StoredSlot,
  deployment: DeploymentRow,
): Promise<LoadedVersion | string> {
  const { prove, load, series, now, kindOf } = request;
  try {
    const examined = await prove(deployment);
    if (typeof examined === 'string') return examined;
    if (!examined.ok) return examined.reason;
    const { candidate } = examined;
    // A rehearsal's paper strategies have accounts at its exchange: under a real one they would trade with money.
    const { stage } = candidate.manifest;
    if (kindOf(stage) !== kindOfStored(stored.account)) return `in stage '${stage}' it trades on another kind of account here`;
    return await load({ candidate, series, anchor: deployment.instant, until: now, state: stored.memory.state, quote: null });
  } catch (error) {
    return explain(error);
  }
}
