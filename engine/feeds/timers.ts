import type { Clock } from '#engine/clock.ts';

/** What somebody waits for, all of which ends with it. */
export class Timers {
  readonly #clock: Clock;
  readonly #ends = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  after(ms: number, work: () => void): void {
    const cancel = this.#clock.after(ms, () => {
      this.#ends.delete(cancel);
      work();
    });
    this.#ends.add(cancel);
  }

  every(ms: number, work: () => void): void {
    this.after(ms, () => {
      work();
      this.every(ms, work);
    });
  }

  /** Stopping cuts it short. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        this.#ends.delete(end);
        cancel();
        resolve();
      };
      const cancel = this.#clock.after(ms, end);
      this.#ends.add(end);
    });
  }

  stop(): void {
    for (const end of [...this.#ends]) end();
  }
}
