import type { RandomStream } from '#engine/candles/random-stream.ts';

export interface BackoffOptions {
  /** Upper end of the first wait, milliseconds. */
  readonly firstMs: number;
  readonly maxMs: number;
  readonly random: RandomStream;
}

/** Waits that grow twofold, each drawn anew between nothing and its upper end, so that many clients do not come back together (Brooker, Exponential Backoff and Jitter, 2015: "full jitter"). */
export class Backoff {
  readonly #options: BackoffOptions;
  #attempt = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** Milliseconds to wait before trying again. */
  next(): number {
    const { firstMs, maxMs, random } = this.#options;
    const upper = Math.min(maxMs, firstMs * 2 ** Math.min(this.#attempt, 30));
    this.#attempt += 1;
    return random.uniform() * upper;
  }

  /** It worked: the next wait is a first one. */
  reset(): void {
    this.#attempt = 0;
  }
}
