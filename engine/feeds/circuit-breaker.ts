import type { Clock } from '#engine/clock.ts';
import { VenueError } from '#engine/venues/venue-error.ts';

/** `open`: nothing is asked. `half-open`: one question is let through, and decides. */
export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerOptions {
  readonly clock: Clock;
  /** So many failures in a row open it. */
  readonly failuresMax: number;
  /** How long it stays open at first; twice as long after each trial that fails, up to `openMsMax`. */
  readonly openMs: number;
  readonly openMsMax: number;
}

/** Leaves a venue alone that does not answer (Nygard, Release It!, 2007). */
export class CircuitBreaker {
  readonly #options: BreakerOptions;
  #failures = 0;
  #openMs: number;
  #openedAt: number | null = null;
  #isTrying = false;

  constructor(options: BreakerOptions) {
    this.#options = options;
    this.#openMs = options.openMs;
  }

  get state(): BreakerState {
    if (this.#openedAt === null) return 'closed';
    return this.#waitMs() > 0 ? 'open' : 'half-open';
  }

  /**
   * Does `work`, unless the breaker is open. A refusal is an answer and no failure of the venue.
   * @throws VenueError `venue/network`, not sent, while it is open; what `work` throws
   */
  async guard<T>(work: () => Promise<T>): Promise<T> {
    this.#admit();
    try {
      const result = await work();
      this.#close();
      return result;
    } catch (error) {
      if (isAnswer(error)) this.#close();
      else this.#fail();
      throw error;
    }
  }

  #admit(): void {
    const { state } = this;
    if (state === 'closed') return;
    if (state === 'half-open' && !this.#isTrying) {
      this.#isTrying = true;
      return;
    }
    const waitMs = this.#waitMs();
    throw new VenueError(
      'network',
      'not-sent',
      `The venue has failed ${this.#failures} times in a row and is left alone for ${Math.ceil(waitMs / 1000)} s more.`,
      'It is tried again by itself.',
      { retryAfterMs: waitMs },
    );
  }

  /** How long it stays open; never longer than `#openMs`, though the clock be set back meanwhile. */
  #waitMs(): number {
    if (this.#openedAt === null) return 0;
    const now = this.#options.clock.now();
    this.#openedAt = Math.min(this.#openedAt, now);
    return Math.max(0, this.#openedAt + this.#openMs - now);
  }

  #close(): void {
    this.#failures = 0;
    this.#openedAt = null;
    this.#isTrying = false;
    this.#openMs = this.#options.openMs;
  }

  #fail(): void {
    const { clock, failuresMax, openMsMax } = this.#options;
    this.#failures += 1;
    if (this.#isTrying) this.#openMs = Math.min(this.#openMs * 2, openMsMax);
    if (this.#isTrying || (this.#openedAt === null && this.#failures >= failuresMax)) {
      this.#openedAt = clock.now();
    }
    this.#isTrying = false;
  }
}

function isAnswer(error: unknown): boolean {
  return error instanceof VenueError && error.certainty === 'refused' && error.kind !== 'maintenance';
}
