import type { RandomStream } from '#engine/candles/random-stream.ts';
import type { OrderRow } from '#engine/store/journal/journal-rows.ts';
import type { LiveOrder } from './lane.ts';

const firstRetryMs = 1_000;
const firstSaleRetryMs = 5_000;
const longestRetryMs = 60_000;

/** What only this process knows of a lane: whether it is moving, what it is about to send, and how long it waits after failures. */
export class LaneRun {
  isRunning = false;
  /** Something has changed while it was running. */
  isAgain = false;
  cancelTimer: (() => void) | null = null;
  /** Journalled and to be sent at once. */
  readonly outbox: LiveOrder[] = [];
  /** Stops that the venue has refused in a row. */
  refusedStops = 0;
  #retryAt = 0;
  #saleRetryAt = 0;
  #failures = 0;
  #saleFailures = 0;

  /** Nothing is sent before this, UTC milliseconds. */
  get retryAt(): number {
    return this.#retryAt;
  }

  /** No sale is tried before this, UTC milliseconds. */
  get saleRetryAt(): number {
    return this.#saleRetryAt;
  }

  /** The venue has taken an order, or told of one. */
  succeeded(role: OrderRow['role']): void {
    this.#failures = 0;
    this.#retryAt = 0;
    if (role === 'protection') this.refusedStops = 0;
  }

  /** The venue has taken a cancel. */
  cancelTaken(): void {
    this.#failures = 0;
  }

  /** A book that gave something gives more soon: only what found nobody at all is tried less and less often. */
  soldSome(): void {
    this.#saleFailures = 0;
  }

  /** Waits before the next try, longer each time. */
  failed(role: OrderRow['role'] | 'question', retryAfterMs: number | null, now: number, random: RandomStream): void {
    const isSale = role === 'exit';
    const first = isSale ? firstSaleRetryMs : firstRetryMs;
    const times = isSale ? this.#saleFailures : this.#failures;
    const wait = Math.min(longestRetryMs, first * 2 ** Math.min(times, 10)) * (0.5 + 0.5 * random.uniform());
    const at = now + Math.max(wait, retryAfterMs ?? 0);
    if (isSale) {
      this.#saleFailures += 1;
      this.#saleRetryAt = at;
    } else {
      this.#failures += 1;
      this.#retryAt = at;
    }
  }

  /** What it failed for is known now: there is nothing to wait for. */
  tryAgain(): void {
    this.#failures = 0;
    this.#saleFailures = 0;
    this.#retryAt = 0;
    this.#saleRetryAt = 0;
  }

  /** The clock was set back: what is waited for comes back with it. */
  setBack(ms: number): void {
    this.#retryAt -= ms;
    this.#saleRetryAt -= ms;
  }
}
