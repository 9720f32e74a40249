import { type Clock, isWithin } from '#engine/clock.ts';
import type { Feed, Instant } from '#engine/feeds/feed.ts';
import type { EngineStore } from '#engine/store/engine-store.ts';
import { commitOutcomes, type PendingOutcome } from './record.ts';
import type { SlotDecided, SlotOutcome } from './slot-outcome.ts';
import type { StrategySlot } from './strategy-slot.ts';

/** While it catches up, so many instants go to disk together: a kill loses and repeats them all, exactly. */
const instantsTogetherMax = 64;

/** Where the decisions of all strategies become orders. */
export interface OrderDesk {
  /** Does `work` with all that it writes to the store in one commit, and sends what it has ordered once that is on disk. */
  together<T>(work: () => T): T;
  /** What accounts have told is recorded with the commit under way. */
  noteRecorded(): void;
}

export interface BarLoopOptions {
  readonly store: EngineStore;
  readonly feed: Feed;
  /** Those that take the instants, by strategy. One that has left is taken out. */
  readonly slots: Map<string, StrategySlot>;
  /** What real orders are journalled with; null where none leaves this machine. */
  readonly desk: OrderDesk | null;
  /** Market time at which it goes on. */
  readonly now: number;
  /** The first so many instants of a replay are taken without a pause. */
  readonly catchUpBars: number;
  /** Between two later instants of a replay. */
  readonly paceMs: number;
  readonly clock: Clock;
  /** By which strategies' processes are waited for: the machine's, whatever time it is for the market. */
  readonly machine: Clock;
  /** Again and again while strategies are waited for. It throws nothing. */
  readonly onWaiting: () => void;
  /** What an instant brought; it is not on disk yet. */
  readonly onTaken: (taken: PendingOutcome) => void;
  /** Everything up to this market time is on disk. */
  readonly onCommitted: (instant: number) => void;
}

/**
 * So long those that have decided wait for those that have not. Then their orders leave, where a restart would know whose they are, and
 * what they decided is recorded with what the others do.
 */
const patienceMs = 100;

/**
 * Bars in, what they brought out and on disk: each instant is taken once, by every slot, in order. An order that leaves this machine is
 * committed together with the record of the decision that made it.
 */
export class BarLoop {
  readonly #options: BarLoopOptions;
  readonly #catchUpUntil: number;
  readonly #pending: PendingOutcome[] = [];
  /** By strategy, what is held as it is on disk. */
  readonly #holdings = new Map<string, string>();
  #now: number;
  #dueAt = 0;
  #isHalfTaken = false;

  constructor(options: BarLoopOptions) {
    this.#options = options;
    this.#now = options.now;
    this.#catchUpUntil = options.feed.timeOfInstant(options.catchUpBars);
  }

  /** Market time: the close of the last instant taken in, or where the replay begins. */
  get now(): number {
    return this.#now;
  }

  /** An instant is out of the feed and not among what waits to be written: it is lost to this process. */
  get isHalfTaken(): boolean {
    return this.#isHalfTaken;
  }

  get state(): 'waiting' | 'catching-up' | 'running' | 'end-of-data' {
    const { slots, feed } = this.#options;
    if (slots.size === 0) return 'waiting';
    const instant = feed.peek();
    if (instant === null) return feed.isLive ? 'running' : 'end-of-data';
    return instant.time <= this.#catchUpUntil ? 'catching-up' : 'running';
  }

  /** How long until an instant is due, milliseconds; for ever when there is none. */
  waitMs(): number {
    const { slots, feed, clock } = this.#options;
    if (slots.size === 0) this.#letPass();
    const instant = slots.size === 0 ? null : feed.peek();
    if (instant === null) return Number.POSITIVE_INFINITY;
    return feed.isLive || instant.time <= this.#catchUpUntil ? 0 : this.#dueAt - clock.now();
  }

  /** Has every slot take the instant that is due. @returns whether something is to be told: it was live, or more than bars */
  async take(): Promise<boolean> {
    const { feed, machine, desk, onWaiting } = this.#options;
    const slots = [...this.#options.slots.values()];
    const instant = feed.next()!;
    this.#isHalfTaken = true;
    const decided = new Map<StrategySlot, SlotDecided>();
    const done = new Map<StrategySlot, SlotOutcome>();
    // Those that leave go first: what the others order is sized by an account without them.
    const inOrder = [...slots.filter(({ isLeaving }) => isLeaving), ...slots.filter(({ isLeaving }) => !isLeaving)];
    const ready = (isWanted: (one: SlotDecided) => boolean) =>
      inOrder.filter((slot) => !done.has(slot) && decided.has(slot) && isWanted(decided.get(slot)!));
    const carryOut = (these: readonly StrategySlot[]): void => {
      for (const slot of these) done.set(slot, decided.get(slot)!.carryOut());
    };
    const all = Promise.all(slots.map(async (slot) => void decided.set(slot, await slot.take(instant))));
    while (!(await isWithin(machine, all, patienceMs))) {
      onWaiting();
      const early = desk === null ? [] : ready(({ needsRecord }) => !needsRecord);
      if (early.length > 0) desk?.together(() => carryOut(early));
    }
    const finish = (): PendingOutcome => {
      carryOut(ready(() => true));
      const taken = { instant, outcomes: slots.map((slot) => ({ slot, outcome: done.get(slot)! })) };
      this.#note(taken);
      desk?.noteRecorded();
      if (desk !== null) this.#write();
      return taken;
    };
    const taken = desk === null ? finish() : desk.together(finish);
    const isTelling = instant.time > this.#catchUpUntil || isEventful(taken);
    if (desk !== null) this.#written();
    else if (isTelling || this.#pending.length >= instantsTogetherMax) this.commit();
    for (const { slot, outcome } of taken.outcomes) if (outcome.left !== null) await slot.close();
    return isTelling;
  }

  /** Everything since the last commit goes to disk in one transaction. */
  commit(): void {
    if (this.#pending.length === 0) return;
    this.#write();
    this.#written();
  }

  /**
   * At a venue orders fill between two bars, and whoever looks then, or starts the engine again, wants to know. Only how each slot
   * stands is written: what a fill brought is told with the next bar. @returns whether something is held that was not, or no longer
   */
  keepHoldings(): boolean {
    const { store } = this.#options;
    this.commit();
    const slots = [...this.#options.slots.values()];
    const changed = slots.filter(({ id, positions }) => JSON.stringify(positions) !== this.#holdings.get(id));
    for (const slot of changed) {
      const standing = slot.standing();
      if (standing !== null) store.setStanding(standing);
      this.#holdings.set(slot.id, JSON.stringify(slot.positions));
    }
    return changed.length > 0;
  }

  #note(taken: PendingOutcome): void {
    const { slots, clock, paceMs, onTaken } = this.#options;
    this.#now = taken.instant.time;
    this.#dueAt = clock.now() + paceMs;
    this.#pending.push(taken);
    this.#isHalfTaken = false;
    for (const { slot, outcome } of taken.outcomes) if (outcome.left !== null) slots.delete(slot.id);
    onTaken(taken);
  }

  #write(): void {
    commitOutcomes(this.#options.store, this.#pending, this.#options.clock.now());
  }

  #written(): void {
    const last = this.#pending.at(-1)!;
    this.#pending.length = 0;
    for (const slot of this.#options.slots.values()) this.#holdings.set(slot.id, JSON.stringify(slot.positions));
    this.#options.onCommitted(last.instant.time);
  }

  /** A replay waits for the first strategy; what closes live while there is none is history, and the first begins with what closes next. */
  #letPass(): void {
    const { feed } = this.#options;
    if (!feed.isLive) return;
    for (let instant: Instant | null = feed.next(); instant !== null; instant = feed.next()) this.#now = instant.time;
  }
}

function isEventful({ outcomes }: PendingOutcome): boolean {
  return outcomes.some(
    ({ outcome: { adopted, rejected, breached, left, faults } }) =>
      (adopted ?? rejected ?? breached ?? left) !== null || faults.length > 0,
  );
}
