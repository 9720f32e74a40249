import { Problem } from './problem.ts';

export interface Rate {
  /** In the long run, a minute. */
  readonly perMinute: number;
  /** At once, after a rest. */
  readonly burst: number;
}

/** So many are remembered; the longest silent is forgotten first, and has a full measure again. */
const keptMax = 10_000;

/** A measure that empties with every request and fills with time, for each who asks. */
export class Rates {
  readonly #rate: Rate;
  /** UTC milliseconds. */
  readonly #clock: () => number;
  readonly #left = new Map<string, { left: number; at: number }>();

  constructor(rate: Rate, clock: () => number) {
    this.#rate = rate;
    this.#clock = clock;
  }

  /** @throws Problem 429 that says when to come again */
  spend(who: string): void {
    const { perMinute, burst } = this.#rate;
    const now = this.#clock();
    const before = this.#left.get(who) ?? { left: burst, at: now };
    // A clock that is set back gives nothing, and takes nothing either.
    const passedMs = Math.max(0, now - before.at);
    const left = Math.min(burst, before.left + (passedMs * perMinute) / 60_000);
    this.#left.delete(who);
    if (left < 1) {
      this.#left.set(who, { left, at: now });
      const seconds = Math.ceil(((1 - left) * 60) / perMinute);
      throw new Problem(429, 'too-many', 'That was asked too often.', { 'Retry-After': String(seconds) });
    }
    this.#left.set(who, { left: left - 1, at: now });
    if (this.#left.size > keptMax) this.#left.delete(this.#left.keys().next().value!);
  }
}
