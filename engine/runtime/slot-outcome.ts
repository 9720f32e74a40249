import { explain, RatchetError } from '#engine/errors.ts';
import type { LimitBreach } from '#engine/risk/limit-watch.ts';
import type { StrategyStep } from '#engine/store/engine-store.ts';
import type { LoadedVersion } from './loaded-version.ts';

/** Something a strategy did that it should not; the record keeps it. */
export interface SlotFault {
  readonly treeHash: string;
  readonly code: string;
  readonly message: string;
}

/** What one instant brought for one strategy; nothing of it is stored yet. */
export interface SlotOutcome {
  readonly steps: StrategyStep[];
  readonly faults: SlotFault[];
  /** The limit that was reached at this instant. */
  breached: { readonly treeHash: string; readonly stage: string; readonly breach: LimitBreach } | null;
  /** The version that took over, the deployment it replaced, and the breach that one ended in. */
  adopted: { readonly version: LoadedVersion; readonly replaced: number | null; readonly ended: SlotOutcome['breached'] } | null;
  /** The version that was to take over and failed its trial. Where that is its own fault, for good; otherwise it may be tried again. */
  rejected: { readonly version: LoadedVersion; readonly fault: SlotFault; readonly isFinal: boolean } | null;
  /** Set when main no longer has the strategy and nothing is held any more: the deployment that ended. */
  left: { readonly deployment: number | null } | null;
}

/** What a slot makes of an instant, before anything is ordered. */
export interface SlotDecided {
  /**
   * What it orders may not leave before its record is on disk: a restart would not know whose the orders are, or that they are wanted.
   */
  readonly needsRecord: boolean;
  /** Carries it out, at once and whole, so that what several slots do can be one commit. */
  carryOut(): SlotOutcome;
}

export function emptyOutcome(): SlotOutcome {
  return { steps: [], faults: [], breached: null, adopted: null, rejected: null, left: null };
}

/** Faults that are the strategy's own doing, on any machine. */
const ownFaults = ['sandbox/strategy-fault', 'sandbox/timeout', 'sandbox/memory', 'sandbox/protocol', 'backtest/answer'];

export function isOwnFault({ code }: Pick<SlotFault, 'code'>): boolean {
  return ownFaults.includes(code);
}

export function faultOf({ candidate }: LoadedVersion, error: unknown): SlotFault {
  if (error instanceof RatchetError) return { treeHash: candidate.tree, code: error.code, message: error.message };
  return { treeHash: candidate.tree, code: 'engine/unexpected', message: explain(error) };
}
