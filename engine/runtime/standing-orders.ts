import type { Logger } from '#engine/log.ts';
import { breachText } from '#engine/risk/limit-watch.ts';
import type { RiskPolicy } from '#engine/risk/risk-policy.ts';
import type { EngineStore } from '#engine/store/engine-store.ts';
import { type Control, isSameOrder, isStricter, readControl, type Said } from './control.ts';
import { HeardOrders, type OrderPlace } from './heard-orders.ts';
import { keepLimits, knownLimits } from './limits.ts';
import { recordBreach } from './record.ts';
import type { SlotOutcome } from './slot-outcome.ts';
import type { EngineProblem } from './status.ts';
import type { StrategySlot } from './strategy-slot.ts';
import type { VenueShares } from './venue-shares.ts';

export interface StandingOrdersOptions {
  readonly store: EngineStore;
  readonly slots: ReadonlyMap<string, StrategySlot>;
  /** The account that obeys too; null where no orders are sent. */
  readonly shares: VenueShares | null;
  /** Wall-clock time, UTC milliseconds. */
  readonly clock: () => number;
  readonly log: Logger;
}

/** What people and main have said that holds until they say otherwise: how far the engine may act, and what may be lost. */
export class StandingOrders {
  readonly #options: StandingOrdersOptions;
  readonly #heard: HeardOrders;
  readonly #problems = new Map<OrderPlace, EngineProblem | null>();
  #control: Control;
  #limits: RiskPolicy | null;

  /** Takes them up as the record has them, and tells them to whatever runs already. */
  constructor(options: StandingOrdersOptions) {
    const { store, slots, shares, clock } = options;
    this.#options = options;
    this.#heard = new HeardOrders(store, clock);
    this.#control = this.#heard.obeyed;
    this.#limits = knownLimits(store);
    for (const slot of slots.values()) slot.setControl(this.#control);
    shares?.obey(this.#control);
    if (this.#limits !== null) this.obeyLimits(this.#limits);
  }

  get control(): Control {
    return this.#control;
  }

  /** Null before any were read. */
  get limits(): RiskPolicy | null {
    return this.#limits;
  }

  /** What a place says that cannot be read. */
  get problems(): EngineProblem[] {
    return [...this.#problems.values()].filter((problem) => problem !== null);
  }

  /** Tells a slot that has just been opened what holds. */
  bind(slot: StrategySlot): void {
    slot.setControl(this.#control);
    if (this.#limits !== null) slot.setLimits(this.#limits);
  }

  /** What a place says now; null where it says nothing. Where it is news it is obeyed, and on disk when this returns. */
  hear(place: OrderPlace, text: Said): void {
    const { store, slots, shares, log } = this.#options;
    const reading = this.#heard.hear(place, text);
    this.#problems.set(place, reading.ok ? null : { status: 'Degraded', code: 'control', reason: reading.message });
    if (!reading.ok || !reading.isNews || typeof text !== 'string') return;
    const isSame = isSameOrder(reading.control, this.#control);
    this.#control = reading.control;
    this.#together(() => {
      this.#heard.write(place, text, reading.control);
      this.#heard.take(place, text, reading.control);
      for (const slot of isSame ? [] : slots.values()) {
        slot.setControl(reading.control);
        if (slot.answerBreach(reading.control)) store.setStanding(slot.standing()!);
      }
      if (!isSame) shares?.obey(reading.control);
    });
    if (isSame) return;
    const { mode, by, reason } = reading.control;
    log.info({ mode, by, reason }, 'The engine obeys another order.');
  }

  /** The same in the midst of a bar or of loading: what holds the engine back further is obeyed at once, and all else when that has ended. */
  hearStricter(place: OrderPlace, text: Said): void {
    const reading = readControl(text, this.#control);
    if (reading.ok && isStricter(reading.control, this.#control)) this.hear(place, text);
  }

  /** Other limits hold from now on. What they find reached already is on disk, with them, when this returns. */
  obeyLimits(policy: RiskPolicy): void {
    const { store, slots, shares } = this.#options;
    this.#limits = policy;
    this.#together(() => {
      keepLimits(store, policy);
      for (const slot of slots.values()) {
        if (shares !== null) slot.renewShare(shares.shareOf);
        const breached = slot.setLimits(policy);
        if (breached === null) continue;
        this.warnOfBreach(slot.id, breached);
        recordBreach(store, slot.id, breached);
        store.setStanding(slot.standing()!);
      }
    });
  }

  /** In one commit; orders that it makes leave after it. */
  #together(work: () => void): void {
    const { store, shares } = this.#options;
    if (shares === null) store.transaction(work);
    else shares.together(work);
  }

  warnOfBreach(strategy: string, { breach, stage }: NonNullable<SlotOutcome['breached']>): void {
    this.#options.log.warn({ strategy, breach: breachText(breach, stage) }, 'A strategy has reached a limit.');
  }
}
