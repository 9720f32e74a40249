import { beginWatch, isAnswer, judged, type LimitBreach, type LimitWatch, type Mark, marked } from '#engine/risk/limit-watch.ts';
import { heldAgainst } from '#engine/risk/loss.ts';
import type { RiskPolicy } from '#engine/risk/risk-policy.ts';
import type { Control } from './control.ts';

/** Keeps one strategy's watch over its limits: whatever changes either, it says at once whether a limit has just been reached. */
export class LimitGuard {
  readonly #clock: () => number;
  #policy: RiskPolicy | null = null;
  #watch: LimitWatch | null = null;

  /** @param clock wall-clock time, UTC milliseconds */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** What a restart needs; null before any version ran. */
  get watch(): LimitWatch | null {
    return this.#watch;
  }

  get breach(): LimitBreach | null {
    return this.#watch?.breach ?? null;
  }

  restore(watch: LimitWatch | null): void {
    this.#watch = watch;
  }

  /** Another version starts afresh; the one that is watched already, however often it is started again, goes on where it stood. */
  follow(version: Pick<LimitWatch, 'tree' | 'stage'>, mark: Mark): void {
    if (this.#watch?.tree !== version.tree) this.#watch = beginWatch(version, mark);
  }

  /** Another bar has closed. Gives the breach it brought. */
  mark(mark: Mark): LimitBreach | null {
    if (this.#watch === null) return null;
    this.#watch = marked(this.#watch, mark, this.#policy?.timeZone);
    return this.#judge();
  }

  /** Other limits hold from now on. Gives the breach that they make of what is already lost. */
  setPolicy(policy: RiskPolicy): LimitBreach | null {
    this.#policy = policy;
    return this.#judge();
  }

  /** Money came or went that was neither won nor lost, quote asset. */
  shift(amount: number): void {
    if (this.#watch === null || amount === 0) return;
    const { peak, equity, dayOpening } = this.#watch;
    const held = heldAgainst(this.#watch, equity, amount) ?? { peak: peak + amount, dayOpening: dayOpening + amount };
    this.#watch = { ...this.#watch, equity: equity + amount, ...held };
  }

  /** Takes up an order that was just given: one that answers the breach ends it, and everything counts from now on. */
  answer(order: Control): boolean {
    const watch = this.#watch;
    if (watch === null || watch.breach === null || !isAnswer(order, watch.breach)) return false;
    this.#watch = beginWatch(watch, watch);
    return true;
  }

  #judge(): LimitBreach | null {
    const before = this.#watch;
    if (before === null || this.#policy === null) return null;
    this.#watch = judged(before, this.#policy.stages[before.stage], this.#clock());
    return this.#watch === before ? null : this.#watch.breach;
  }
}
