import type { Clock } from '#engine/clock.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import { TokenBucket } from '#engine/token-bucket.ts';
import { VenueError } from '#engine/venues/venue-error.ts';
import { type BreakerState, CircuitBreaker } from './circuit-breaker.ts';
import { type ClockOffset, OffsetFilter } from './clock-offset.ts';
import type { MarketBar, MarketData } from './market-data.ts';

const breakerLimits = { failuresMax: 5, openMs: 15_000, openMsMax: 120_000 };
/** Left alone for so long by who does not say how long. */
const pauseMs = 15_000;

/** What was thought of the venue's clock at some moment. */
export interface ClockThought {
  readonly offset: ClockOffset | null;
  /** How many readings of it had been begun. */
  readonly readings: number;
}

/** What a venue is asked, within its limits, and not at all while it does not answer. */
export class Questions {
  readonly #data: MarketData;
  readonly #clock: Clock;
  readonly #bucket: TokenBucket;
  /** One for each market: one that is not answered for is no reason to leave the others alone. */
  readonly #breakers = new Map<string, CircuitBreaker>();
  readonly #offsets = new OffsetFilter();
  /** Readings of the venue's clock that were begun, and the newest of them that has ended. */
  #readings = 0;
  #read = 0;
  #reading: Promise<unknown> | null = null;

  constructor(data: MarketData, clock: Clock) {
    this.#data = data;
    this.#clock = clock;
    this.#bucket = new TokenBucket({ clock, ...data.traits.budget });
  }

  /** Of the market that is best off. */
  get breaker(): BreakerState {
    const states = [...this.#breakers.values()].map(({ state }) => state);
    return (['closed', 'half-open', 'open'] as const).find((state) => states.includes(state)) ?? 'closed';
  }

  /** How the venue's clock stands to ours; null until it was read. */
  get clockOffset(): ClockOffset | null {
    return this.#offsets.best(this.#clock.now());
  }

  /** UTC milliseconds by the venue's clock, as far as it is known. */
  venueNow(): number {
    return this.#clock.now() + (this.clockOffset?.offset ?? 0);
  }

  /** How far off that may be; 0 while it is not known at all. */
  get uncertaintyMs(): number {
    return this.clockOffset?.uncertainty ?? 0;
  }

  /** As `MarketData.bars`. @throws VenueError */
  bars(symbol: string, timeframe: Timeframe, since: number, limit: number): Promise<MarketBar[]> {
    return this.#ask(this.#data.traits.weights.bars, () =>
      this.#breakerOf(symbol).guard(() => this.#data.bars(symbol, timeframe, since, limit)),
    );
  }

  /** Reads the venue's clock once more. @returns how long the answer took, milliseconds @throws VenueError */
  async measureClock(): Promise<number> {
    const { weights, timeStepMs } = this.#data.traits;
    return this.#ask(weights.time, async () => {
      const reading = ++this.#readings;
      const sentAt = this.#clock.now();
      const venueTime = await this.#data.serverTime();
      const receivedAt = this.#clock.now();
      this.#offsets.add({ sentAt, receivedAt, venueTime, stepMs: timeStepMs });
      this.#read = Math.max(this.#read, reading);
      return receivedAt - sentAt;
    });
  }

  get clockThought(): ClockThought {
    return { offset: this.clockOffset, readings: this.#readings };
  }

  /**
   * Whether our clock and the venue's still stand to each other as they were thought to: neither was set since. It is read again for that,
   * unless it was meanwhile; all who want to know at once share a reading. Where it cannot be read, what was thought counts.
   */
  async holds({ offset, readings }: ClockThought): Promise<boolean> {
    // One that is under way may have been begun before.
    for (let tries = 0; tries < 2 && this.#read <= readings; tries += 1) {
      this.#reading ??= this.measureClock()
        .catch(() => undefined)
        .finally(() => {
          this.#reading = null;
        });
      await this.#reading;
    }
    const now = this.clockOffset;
    if (offset === null || now === null) return now === null;
    return Math.abs(now.offset - offset.offset) <= now.uncertainty + offset.uncertainty;
  }

  #breakerOf(symbol: string): CircuitBreaker {
    const breaker = this.#breakers.get(symbol) ?? new CircuitBreaker({ clock: this.#clock, ...breakerLimits });
    this.#breakers.set(symbol, breaker);
    return breaker;
  }

  async #ask<T>(weight: number, work: () => Promise<T>): Promise<T> {
    await this.#bucket.take(weight);
    try {
      return await work();
    } catch (error) {
      if (error instanceof VenueError && error.kind === 'rate-limit') this.#bucket.pause(error.retryAfterMs ?? pauseMs);
      throw error;
    }
  }
}
