import type { Night } from '#bot/evidence/ledger.ts';
import type { ForwardEvidence } from '#bot/gates/forward-evidence.ts';
import type { HeldOutStatus } from '#bot/gates/held-out-status.ts';
import type { Control } from '#engine/runtime/control.ts';
import type { EngineReport } from '#engine/runtime/report.ts';
import type { EngineStatus } from '#engine/runtime/status.ts';
import type { StaleBranch } from '../life/stale-branches.ts';
import type { ModelCost } from './model-cost.ts';

/** Something that was looked up, or one sentence on why it could not be; `null` inside is something that is not there yet. */
export type Looked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string };

/** A pull request into main that waits. */
export interface OpenProposal {
  readonly number: number;
  readonly title: string;
  readonly url: string;
  readonly author: string;
  readonly isBots: boolean;
  readonly head: string;
  readonly gates: GatesState;
  /** Login of whoever holds it. */
  readonly heldBy: string | null;
  /** How many people approved of exactly this head. */
  readonly approvals: number;
}

export type GatesState = 'passed' | 'failed' | 'running';

/** All that the dashboard speaks of. The same facts give the same text. */
export interface DashboardFacts {
  readonly status: Looked<EngineStatus | null>;
  readonly report: Looked<EngineReport | null>;
  /** What people last asked of the engine; null when nobody ever has. */
  readonly control: Looked<Control | null>;
  readonly proposals: readonly OpenProposal[];
  /** Oldest first. */
  readonly nights: Looked<readonly Night[]>;
  /** Lines of the ledger. */
  readonly ledgerLines: number;
  readonly heldOut: Looked<HeldOutStatus>;
  /** Null where this bot is not told of models. */
  readonly models: Looked<ModelCost> | null;
  readonly branches: readonly StaleBranch[];
  /** What the versions that run have shown in the market, and how they stand before their next stage. */
  readonly forward: Looked<readonly ForwardEvidence[]>;
}
