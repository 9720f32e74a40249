import type { Stage } from '#engine/contract/manifest.ts';
import { RatchetError } from '#engine/errors.ts';
import type { FeedSeries } from '#engine/feeds/feed.ts';
import type { Logger } from '#engine/log.ts';
import { commitHash } from '#engine/repository/names.ts';
import type { CommitHash } from '#engine/repository/types.ts';
import { breachText } from '#engine/risk/limit-watch.ts';
import type { RiskPolicy } from '#engine/risk/risk-policy.ts';
import type { EngineStore } from '#engine/store/engine-store.ts';
import type { Desired, Refusal } from './candidate.ts';
import { type LoadVersion, waitedFor } from './loaded-version.ts';
import type { MainLook } from './main-look.ts';
import { isOwnFault, type SlotOutcome } from './slot-outcome.ts';
import type { EngineProblem, StrategyStatus } from './status.ts';
import type { StrategySlot } from './strategy-slot.ts';

const mainKey = 'main';

export interface ReconcilerOptions {
  /** Main as it is now, or why nothing is taken from it. */
  readonly look: (last: CommitHash | null) => Promise<MainLook | EngineProblem>;
  readonly load: LoadVersion;
  readonly store: EngineStore;
  readonly series: readonly FeedSeries[];
  /** The engine's strategies, by id; this is where they come and go. */
  readonly slots: Map<string, StrategySlot>;
  /** A slot for a strategy that had none, with the account it may once have had. */
  readonly openSlot: (id: string) => StrategySlot;
  /** False until a commit of main was read that says what may be lost. */
  readonly areLimitsKnown: () => boolean;
  /** The limits that main writes now. */
  readonly obeyLimits: (policy: RiskPolicy) => void;
  /** Why a version of this stage may not trade here now; null where it may. */
  readonly realMoneyRefusal: (stage: Stage) => string | null;
  /** What the account at the venue is in, for a stage that trades there; null for one that does not. */
  readonly venueQuote: (stage: Stage) => string | null;
  /** Market time. */
  readonly now: () => number;
  readonly clock: () => number;
  readonly log: Logger;
}

interface KnownRefusal extends Refusal {
  readonly tree: string;
  /** What was looked at when it was refused: the same look would end the same way. */
  readonly seen: string;
}

/** Brings what is loaded in line with what main asks for, as far as main can be believed, and only forward. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #refusals = new Map<string, KnownRefusal>();
  /** Running trees whose statement was looked at again under the present keys. */
  readonly #vouchedFor = new Map<string, string>();
  #desired = new Map<string, Desired>();
  #commit: CommitHash | null;
  /** What was looked at last. */
  #seen = '';
  #problems: EngineProblem[] = [
    { status: 'OutOfSync', code: 'not-looked', reason: 'main has not been looked at yet in this run' },
  ];

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    const last = options.store.meta(mainKey);
    this.#commit = last === null ? null : commitHash(last);
  }

  /** Main's commit as last looked at. */
  get commit(): CommitHash | null {
    return this.#commit;
  }

  /** False until main has been looked at in this run: there is nothing to tell others yet. */
  get hasLooked(): boolean {
    return !this.#problems.some(({ code }) => code === 'not-looked');
  }

  get problems(): readonly EngineProblem[] {
    return this.#problems;
  }

  /** Looks at the mirror as it is now. Loads what is proven, on trial; leaves running what it cannot replace. */
  async reconcile(): Promise<void> {
    const look = await this.#options.look(this.#commit);
    if (!('commit' in look)) {
      this.#problems = [look];
      return;
    }
    const { strategies, strangers, limits, problems } = look;
    this.#seen = look.seen;
    if (limits !== null) this.#options.obeyLimits(limits);
    for (const slot of this.#options.slots.values()) {
      const stage = slot.version?.candidate.manifest.stage;
      slot.setMoneyRefusal(stage === undefined ? null : this.#options.realMoneyRefusal(stage));
    }
    this.#problems = [...problems, ...strangers.map(badFolder)];
    this.#desired = new Map(strategies.map((one) => [one.id, one]));
    for (const one of strategies) await this.#bring(one, look);
    await this.#dropOthers();
    this.#commit = look.commit;
    this.#options.store.setMeta(mainKey, look.commit);
  }

  /** A version that failed its trial is not tried again where that was its own fault: it stands in the record's quarantine. */
  noteRejected(id: string, { version, fault: { message }, isFinal }: NonNullable<SlotOutcome['rejected']>): void {
    const { tree } = version.candidate;
    const refusal = isFinal ? quarantined(message) : loadFailed(message);
    this.#options.log.warn({ strategy: id, tree, ...refusal }, 'A version on trial is not taken over.');
    this.#refusals.set(id, { ...refusal, tree, seen: isFinal ? '' : this.#seen });
  }

  statuses(): StrategyStatus[] {
    const ids = [...new Set([...this.#options.slots.keys(), ...this.#desired.keys()])].sort();
    return ids.map((id) => this.#statusOf(id));
  }

  async #bring(desired: Desired, look: MainLook): Promise<void> {
    const { slots, openSlot, log } = this.#options;
    const { id, tree } = desired;
    const slot = slots.get(id);
    if (slot?.isLeaving) slot.setLeaving(false);
    if (slot?.version?.candidate.tree === tree) {
      await slot.dismissChallenger();
      return this.#checkRunning(desired, look);
    }
    if (slot?.challenger?.candidate.tree === tree) return;
    await slot?.dismissChallenger();
    const { seen } = look;
    const known = this.#refusals.get(id);
    if (known?.tree === tree && (known.isFinal || known.seen === seen)) return;
    const refuse = (refusal: Refusal) => {
      log.warn({ strategy: id, tree, ...refusal }, 'A version on main is not loaded.');
      this.#refusals.set(id, { ...refusal, tree, seen });
    };
    const bad = this.#options.store.quarantine().find(({ treeHash }) => treeHash === tree);
    if (bad !== undefined) return refuse(quarantined(bad.reason));
    if (!this.#options.areLimitsKnown()) return refuse(withoutLimits);
    const examined = await look.examine(desired);
    if (!examined.ok) return refuse(examined);
    try {
      const now = this.#options.now();
      const memory = slot?.state ?? null;
      const { stage } = examined.candidate.manifest;
      const version = await this.#options.load({
        candidate: examined.candidate,
        series: this.#options.series,
        anchor: now,
        until: now,
        state: memory,
        quote: this.#options.venueQuote(stage) ?? slot?.quoteOf(stage) ?? null,
      });
      log.info({ strategy: id, tree, state: version.live.stateFate }, 'A version on main is loaded and on trial.');
      if (version.lacking.length > 0) {
        log.warn({ strategy: id, lacking: version.lacking }, 'It waits until it is warm.');
      }
      await (slot ?? openSlot(id)).challenge(version);
      this.#refusals.delete(id);
    } catch (error) {
      refuse(this.#loadFailure(desired, error));
    }
  }

  /** A signature can stop counting while its version runs, when its key is revoked: it runs on, is Degraded, and does not start again. */
  async #checkRunning(desired: Desired, look: MainLook): Promise<void> {
    const { id, tree } = desired;
    const asked = `${tree} ${look.trusted}`;
    if (this.#vouchedFor.get(id) === asked) {
      this.#refusals.delete(id);
      return;
    }
    const refusal = await look.vouch(desired);
    if (refusal === null) {
      this.#vouchedFor.set(id, asked);
      this.#refusals.delete(id);
      return;
    }
    if (this.#refusals.get(id)?.code !== refusal.code) {
      this.#options.log.warn({ strategy: id, tree, ...refusal }, 'Nothing vouches any more for a version that runs.');
    }
    this.#refusals.set(id, { ...refusal, tree, seen: '' });
  }

  #loadFailure({ id, tree }: Desired, error: unknown): Refusal {
    if (!(error instanceof RatchetError)) throw error;
    if (error.code === 'engine/other-quote') return { code: 'other-quote', reason: error.message, isFinal: false };
    if (!isOwnFault(error)) return loadFailed(error.message);
    this.#options.store.addQuarantine({ treeHash: tree, strategy: id, reason: error.message, at: this.#options.clock() });
    return quarantined(error.message);
  }

  async #dropOthers(): Promise<void> {
    for (const [id, slot] of this.#options.slots) {
      if (this.#desired.has(id) || slot.isLeaving) continue;
      await slot.dismissChallenger();
      slot.setLeaving(true);
    }
    for (const id of this.#refusals.keys()) if (!this.#desired.has(id)) this.#refusals.delete(id);
  }

  #statusOf(id: string): StrategyStatus {
    const slot = this.#options.slots.get(id);
    const running = slot?.version?.candidate ?? null;
    const desiredTree = this.#desired.get(id)?.tree ?? null;
    const manifest = running?.manifest ?? slot?.challenger?.candidate.manifest ?? null;
    return {
      id,
      ...this.#judge(id, slot, desiredTree),
      tree: running?.tree ?? null,
      commit: running?.commit ?? null,
      stage: manifest?.stage ?? null,
      desiredTree,
      positions: slot?.positions.length ?? 0,
    };
  }

  #judge(
    id: string,
    slot: StrategySlot | undefined,
    desiredTree: string | null,
  ): Pick<StrategyStatus, 'status' | 'code' | 'reason'> {
    const refusal = this.#refusals.get(id);
    const breached = slot?.breached ?? null;
    if (breached !== null) {
      // Until another version has taken over. Where main's is refused, both must be known.
      const said = breachText(breached.breach, breached.stage);
      const reason = slot?.heldReason == null ? said : `${said}, and it no longer decides: ${slot.heldReason}`;
      if (refusal === undefined || refusal.tree === breached.treeHash) return { status: 'Degraded', code: 'breach', reason };
      return { status: 'Degraded', code: refusal.code, reason: `${refusal.reason}, and of what runs: ${reason}` };
    }
    if (refusal !== undefined) return { status: 'Degraded', code: refusal.code, reason: refusal.reason };
    if (slot?.moneyRefusal != null) return { status: 'Degraded', code: 'stage-refused', reason: slot.moneyRefusal };
    if (slot?.heldReason != null) return { status: 'Degraded', code: 'fault', reason: slot.heldReason };
    if (slot?.isLeaving)
      return { status: 'OutOfSync', code: 'leaving', reason: 'main no longer has it; its positions are being closed' };
    if (slot?.challenger != null) {
      const reason = waitedFor(slot.challenger, this.#options.now()) ?? 'the new version waits for a bar to decide on';
      return { status: 'OutOfSync', code: 'on-trial', reason };
    }
    // Before main was looked at, what ran is all that is known.
    if (slot?.version != null && (desiredTree === null || slot.version.candidate.tree === desiredTree)) {
      return { status: 'Synced', code: 'running', reason: '' };
    }
    return { status: 'OutOfSync', code: 'not-loaded', reason: 'it is not loaded yet' };
  }
}

function badFolder(folder: string): EngineProblem {
  const reason = `strategies/${JSON.stringify(folder)} is not loaded: a strategy id is lower-case letters, digits and hyphens`;
  return { status: 'Degraded', code: 'bad-folder', reason };
}

const withoutLimits: Refusal = {
  code: 'no-limits',
  reason: 'this engine has never read how much may be lost, so it starts nothing',
  isFinal: false,
};

function loadFailed(reason: string): Refusal {
  return { code: 'load-failed', reason, isFinal: false };
}

function quarantined(reason: string): Refusal {
  return { code: 'quarantined', reason: `this version failed here: ${reason}`, isFinal: true };
}
