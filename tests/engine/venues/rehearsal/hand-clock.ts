import type { Clock } from '#engine/clock.ts';

/** A clock that stands until it is turned; what was due meanwhile is done in order, each at its own time. */
export class HandClock implements Clock {
  #now: number;
  #waiting: { at: number; work: () => void }[] = [];

  constructor(start: number) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, work: () => void): () => void {
    const entry = { at: this.#now + ms, work };
    this.#waiting.push(entry);
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== entry);
    };
  }

  turn(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#waiting.reduce<{ at: number; work: () => void } | null>(
        (first, entry) => (entry.at <= end && (first === null || entry.at < first.at) ? entry : first),
        null,
      );
      if (next === null) break;
      this.#waiting = this.#waiting.filter((entry) => entry !== next);
      this.#now = Math.max(this.#now, next.at);
      next.work();
    }
    this.#now = end;
  }
}
