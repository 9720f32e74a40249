import type { Stage } from '#engine/contract/manifest.ts';
import { explain } from '#engine/errors.ts';
import type { FeedSeries } from '#engine/feeds/feed.ts';
import type { Logger } from '#engine/log.ts';
import { commitHash, treeHash } from '#engine/repository/names.ts';
import type { Repository } from '#engine/repository/repository.ts';
import type { StateReader } from '#engine/repository/state-branch.ts';
import type { EngineStore } from '#engine/store/engine-store.ts';
import type { DeploymentRow } from '#engine/store/rows.ts';
import { examine } from './candidate.ts';
import { type LoadedVersion, loadVersion } from './loaded-version.ts';
import { type AccountKind, kindOfStored } from './slot-account.ts';
import { readStoredSlot, type StoredSlot } from './slot-memory.ts';
import type { StrategySlot } from './strategy-slot.ts';
import { pinnedKeys } from './trust.ts';

export interface RestoreRequest {
  readonly store: EngineStore;
  readonly repository: Repository;
  readonly state: StateReader;
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
  const { repository, state, store, series, now, kindOf } = request;
  const desired = { id: deployment.strategy, tree: treeHash(deployment.treeHash) };
  const commit = commitHash(deployment.commitHash);
  try {
    if ((await repository.resolve(commit)) === null) return `commit ${commit.slice(0, 12)} is no longer in the mirror`;
    const examined = await examine(desired, { repository, state, keys: pinnedKeys(store), commit, realMoneyRefusal: () => null });
    if (!examined.ok) return examined.reason;
    const { candidate } = examined;
    // A rehearsal's paper strategies have accounts at its exchange: under a real one they would trade with money.
    const { stage } = candidate.manifest;
    if (kindOf(stage) !== kindOfStored(stored.account)) return `in stage '${stage}' it trades on another kind of account here`;
    return await loadVersion({ candidate, series, anchor: deployment.instant, until: now, state: stored.memory.state });
  } catch (error) {
    return explain(error);
  }
}
