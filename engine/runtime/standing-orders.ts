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
  /**
   * Slots that have changed with an order or a limit, and the breach that was found in each; null where one was answered. A slot tells
   * that once, and the disk may take it only at the next try.
   */
  readonly #unwritten = new Map<StrategySlot, SlotOutcome['breached']>();
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
    const { slots, shares, log } = this.#options;
    const reading = this.#heard.hear(place, text);
    this.#problems.set(place, reading.ok ? null : { status: 'Degraded', code: 'control', reason: reading.message });
    if (!reading.ok || !reading.isNews || typeof text !== 'string') return;
    const { control } = reading;
    const isSame = isSameOrder(control, this.#control);
    this.#together(() => {
      this.#heard.write(place, text, control);
      if (isSame) return;
      for (const slot of slots.values()) {
        slot.setControl(control);
        if (slot.answerBreach(control)) this.#unwritten.set(slot, null);
      }
      shares?.obey(control);
    });
    this.#heard.take(place, text, control);
    this.#control = control;
    if (isSame) return;
    const { mode, by, reason } = control;
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
    this.#together(() => {
      keepLimits(store, policy);
      for (const slot of slots.values()) {
        if (shares !== null) slot.renewShare(shares.shareOf);
        const breached = slot.setLimits(policy);
        if (breached === null) continue;
        this.warnOfBreach(slot.id, breached);
        this.#unwritten.set(slot, breached);
      }
    });
    this.#limits = policy;
  }

  /** In one commit, with what it has changed of slots; orders that it makes leave after it. */
  #together(work: () => void): void {
    const { store, shares } = this.#options;
    const whole = (): void => {
      work();
      this.#writeSlots();
    };
    if (shares === null) store.transaction(whole);
    else shares.together(whole);
    this.#unwritten.clear();
  }

  #writeSlots(): void {
    const { store, slots } = this.#options;
    for (const slot of slots.values()) {
      const breached = this.#unwritten.get(slot);
      if (breached === undefined) continue;
      if (breached !== null) recordBreach(store, slot.id, breached);
      store.setStanding(slot.standing()!);
    }
  }

  warnOfBreach(strategy: string, { breach, stage }: NonNullable<SlotOutcome['breached']>): void {
    this.#options.log.warn({ strategy, breach: breachText(breach, stage) }, 'A strategy has reached a limit.');
  }
}
