import type { Clock } from '#engine/clock.ts';

interface Timer {
  readonly at: number;
  /** Timers of one instant run in the order in which they were set. */
  readonly order: number;
  work: (() => void) | null;
}

/** More work than this at one instant is a loop that waits for nothing. */
const STEPS_AT_ONCE_MAX = 50_000;

/** Time that stands still while anything is being done, and jumps to the next timer when nothing is. */
export class VirtualClock implements Clock {
  readonly #heap: Timer[] = [];
  #now: number;
  #order = 0;
  #stepsAtOnce = 0;

  /** @param start UTC milliseconds, whole; so is every time it shows */
  constructor(start: number) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  /** When the next timer is due, UTC milliseconds; infinite when none is. */
  get next(): number {
    while (this.#heap[0]?.work === null) this.#pop();
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  after(ms: number, work: () => void): () => void {
    if (Number.isNaN(ms)) throw new RangeError('A timer needs a number of milliseconds.');
    const timer: Timer = { at: this.#now + Math.max(0, Math.round(ms)), order: this.#order, work };
    this.#order += 1;
    this.#push(timer);
    return () => {
      timer.work = null;
    };
  }

  /**
   * Goes to the next timer, does its work and waits until nothing more happens without time passing.
   * @returns false when no timer is left at or before `until`; the clock then stands at `until`
   */
  async step(until: number): Promise<boolean> {
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.at > until) {
        this.#now = Math.max(this.#now, until);
        return false;
      }
      this.#pop();
      if (next.work === null) continue;
      this.#stepsAtOnce = next.at > this.#now ? 0 : this.#stepsAtOnce + 1;
      if (this.#stepsAtOnce > STEPS_AT_ONCE_MAX) throw new RangeError('Something runs on and on without letting time pass.');
      this.#now = next.at;
      next.work();
      await drained();
      return true;
    }
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(timer);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (isBefore(heap[parent]!, timer)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(one: Timer, other: Timer): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

/** Ends when every promise that could be settled without a timer has been. */
export function drained(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
