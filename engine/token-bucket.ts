import type { Clock } from '#engine/clock.ts';

export interface BucketOptions {
  readonly clock: Clock;
  /** How much may be used at once. */
  readonly capacity: number;
  readonly perSecond: number;
}

interface Waiting {
  readonly weight: number;
  readonly isWanted: () => boolean;
  readonly go: (isTaken: boolean) => void;
}

/** Keeps within what a venue allows: it holds `capacity` tokens, refilled steadily. Those who wait are served in the order in which they came. */
export class TokenBucket {
  readonly #options: BucketOptions;
  readonly #waiting: Waiting[] = [];
  /** Below zero where more was used than was there. */
  #tokens: number;
  #filledAt: number;
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | null = null;

  constructor(options: BucketOptions) {
    this.#options = options;
    this.#tokens = options.capacity;
    this.#filledAt = options.clock.now();
  }

  /**
   * Ends when `weight` tokens are there, and takes them; a weight above the capacity waits until it is full.
   * @param isWanted asked when its turn has come: what nobody waits for any more takes nothing @returns whether they were taken
   */
  take(weight: number, isWanted: () => boolean = () => true): Promise<boolean> {
    return new Promise((resolve) => {
      this.#waiting.push({ weight, isWanted, go: resolve });
      this.#serve();
    });
  }

  /** Takes `weight` tokens whether they are there or not: those who wait, wait for as much longer. */
  spend(weight: number): void {
    this.#fill();
    this.#tokens -= weight;
  }

  /** The venue wants to be left alone: for `ms` nothing goes, and then it goes at the ordinary pace. */
  pause(ms: number): void {
    const now = this.#fill();
    this.#tokens = Math.min(0, this.#tokens);
    this.#pausedUntil = Math.max(this.#pausedUntil, now + ms);
    this.#serve();
  }

  /** @returns what the clock shows. Where it was set back what was noted by it goes back too: nobody waits for a time to come again. */
  #fill(): number {
    const { clock, capacity, perSecond } = this.#options;
    const now = clock.now();
    this.#pausedUntil -= Math.max(0, this.#filledAt - now);
    const from = Math.max(Math.min(this.#filledAt, now), this.#pausedUntil);
    if (now > from) this.#tokens = Math.min(capacity, this.#tokens + ((now - from) / 1000) * perSecond);
    this.#filledAt = now;
    return now;
  }

  #serve(): void {
    this.#cancel?.();
    this.#cancel = null;
    const now = this.#fill();
    const { clock, capacity, perSecond } = this.#options;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const isWanted = next.isWanted();
      const lacking = Math.min(next.weight, capacity) - this.#tokens;
      if (isWanted && lacking > 0) {
        const paused = Math.max(0, this.#pausedUntil - now);
        // Rounded up to the clock's step, so that a wait never ends a hair too early.
        this.#cancel = clock.after(Math.ceil(paused + (lacking / perSecond) * 1000), () => this.#serve());
        return;
      }
      if (isWanted) this.#tokens -= next.weight;
      this.#waiting.shift();
      next.go(isWanted);
    }
  }
}
