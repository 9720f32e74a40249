import type { ClockFacts } from '#engine/risk/order-facts.ts';
import { answered } from './call.ts';
import type { TraderParts } from './trader-parts.ts';

/** How the venue's clock differs from ours. */
export class VenueClock {
  readonly #parts: TraderParts;
  #facts: ClockFacts = { offsetMs: Number.NaN, uncertaintyMs: Number.NaN };

  constructor(parts: TraderParts) {
    this.#parts = parts;
  }

  /** Not numbers before it was measured: nothing is opened then. */
  get facts(): ClockFacts {
    return this.#facts;
  }

  /** @throws VenueError */
  async measure(): Promise<void> {
    const { venue, clock, timings } = this.#parts;
    const { offset, uncertainty } = await answered(clock, timings.callTimeoutMs, 'clockOffset', () => venue.clockOffset());
    // Halves of a millisecond come of dividing the way there and back; times are kept whole.
    this.#facts = { offsetMs: Math.round(offset), uncertaintyMs: Math.ceil(uncertainty) };
  }
}
