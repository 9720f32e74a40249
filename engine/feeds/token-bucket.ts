import type { Clock } from '#engine/clock.ts';

export interface BucketOptions {
  readonly clock: Clock;
  /** How much may be used at once. */
  readonly capacity: number;
  readonly perSecond: number;
}

/** Keeps within what a venue allows: it holds `capacity` tokens, refilled steadily. Those who wait are served in the order in which they came. */
export class TokenBucket {
  readonly #options: BucketOptions;
  readonly #waiting: { readonly weight: number; readonly go: () => void }[] = [];
  #tokens: number;
  #filledAt: number;
  #cancel: (() => void) | null = null;

  constructor(options: BucketOptions) {
    this.#options = options;
    this.#tokens = options.capacity;
    this.#filledAt = options.clock.now();
  }

  /** Ends when `weight` tokens are there, and takes them. A weight above the capacity takes all there is. */
  take(weight: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ weight: Math.min(weight, this.#options.capacity), go: resolve });
      this.#serve();
    });
  }

  /** The venue wants to be left alone: for `ms` nothing goes, and then it goes at the ordinary pace. */
  pause(ms: number): void {
    this.#tokens = 0;
    this.#filledAt = Math.max(this.#filledAt, this.#options.clock.now() + ms);
    this.#serve();
  }

  #serve(): void {
    this.#cancel?.();
    this.#cancel = null;
    const { clock, capacity, perSecond } = this.#options;
    const now = clock.now();
    if (now > this.#filledAt) {
      this.#tokens = Math.min(capacity, this.#tokens + ((now - this.#filledAt) / 1000) * perSecond);
      this.#filledAt = now;
    }
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#tokens < next.weight) {
        const paused = Math.max(0, this.#filledAt - now);
        // Rounded up to the clock's step, so that a wait never ends a hair too early.
        const waitMs = Math.ceil(paused + ((next.weight - this.#tokens) / perSecond) * 1000);
        this.#cancel = clock.after(waitMs, () => this.#serve());
        return;
      }
      this.#tokens -= next.weight;
      this.#waiting.shift();
      next.go();
    }
  }
}
