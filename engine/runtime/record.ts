import type { Instant } from '#engine/feeds/feed.ts';
import { breachText } from '#engine/risk/limit-watch.ts';
import type { EngineStore } from '#engine/store/engine-store.ts';
import { withAges } from './decision-rows.ts';
import type { SlotOutcome } from './slot-outcome.ts';
import type { StrategySlot } from './strategy-slot.ts';

/** What one instant brought, before it is on disk. */
export interface PendingOutcome {
  /** Whole: with how old each bar was when it was known, and what was waited for in vain. */
  readonly instant: Instant;
  readonly outcomes: readonly { readonly slot: StrategySlot; readonly outcome: SlotOutcome }[];
}

/** Writes instants, oldest first, with all that they changed and where everything stands after: one transaction. */
export function commitOutcomes(store: EngineStore, pending: readonly PendingOutcome[], at: number): void {
  store.transaction(() => {
    const slots = new Set<StrategySlot>();
    for (const { instant, outcomes } of pending) {
      for (const { slot, outcome } of outcomes) {
        slots.add(slot);
        writeOutcome(store, slot, outcome, instant, at);
      }
    }
    for (const slot of slots) {
      const standing = slot.standing();
      if (standing !== null) store.setStanding(standing);
    }
    store.setFeedTime(pending.at(-1)!.instant.time);
    store.continueRun(at);
  });
}

function writeOutcome(store: EngineStore, slot: StrategySlot, outcome: SlotOutcome, instant: Instant, at: number): void {
  for (const fault of outcome.faults) store.addFault({ ...fault, strategy: slot.id, instant: instant.time, at });
  if (outcome.breached !== null) recordBreach(store, slot.id, outcome.breached);
  if (outcome.rejected?.isFinal) {
    const { version, fault } = outcome.rejected;
    store.setDeploymentOutcome(addDeployment(store, version, at), 'fell-back', at);
    store.addQuarantine({ treeHash: version.candidate.tree, strategy: slot.id, reason: fault.message, at });
  }
  if (outcome.adopted !== null) {
    const { version, replaced, ended } = outcome.adopted;
    const id = addDeployment(store, version, at);
    store.setDeploymentOutcome(id, 'running', null);
    if (replaced !== null) store.setDeploymentOutcome(replaced, 'replaced', at);
    // It was reverted: no sync may bring it back.
    if (ended !== null) store.addQuarantine({ treeHash: ended.treeHash, strategy: slot.id, reason: reasonOf(ended), at });
    slot.setDeployment(id);
  }
  for (const step of outcome.steps) store.addStep(withAges(step, instant));
  if (outcome.left !== null && outcome.left.deployment !== null)
    store.setDeploymentOutcome(outcome.left.deployment, 'removed', at);
}

type Breached = NonNullable<SlotOutcome['breached']>;

/** For good, beside the account's own memory of it, which ends with the breach. */
export function recordBreach(store: EngineStore, strategy: string, breached: Breached): void {
  const { treeHash, breach } = breached;
  const { instant, at } = breach;
  store.addFault({ strategy, treeHash, code: 'risk/breach', message: reasonOf(breached), instant, at });
}

function reasonOf({ breach, stage }: Breached): string {
  return breachText(breach, stage);
}

function addDeployment(
  store: EngineStore,
  { candidate, anchor, barMs, symbols }: NonNullable<SlotOutcome['adopted']>['version'],
  at: number,
): number {
  return store.addDeployment({
    strategy: candidate.id,
    treeHash: candidate.tree,
    commitHash: candidate.commit,
    stage: candidate.manifest.stage,
    artifact: candidate.artifact.digest,
    instant: anchor,
    loadedAt: at,
    barMs,
    symbols: symbols.length,
  });
}
