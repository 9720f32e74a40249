import { type Clock, sleep } from '#engine/clock.ts';
import type { Logger } from '#engine/log.ts';
import type { VenueNews } from '../venue.ts';

export interface NewsStreamParts {
  /** Resolves with what came next. */
  readonly watch: () => Promise<readonly { readonly symbol?: string | undefined }[]>;
  /** Ends the connection: one that failed may stand and say nothing any more. */
  readonly leave: () => void;
  readonly clock: Clock;
  readonly log: Logger;
}

const firstWaitMs = 1_000;
const longestWaitMs = 30_000;

/**
 * The orders that an exchange pushes, told as news to look for. It begins with the first listener. When the stream breaks that
 * is told at once, for news may be missing; that it runs again is told when the connection stands, before anything comes over it.
 */
export class NewsStream {
  readonly #watch: NewsStreamParts['watch'];
  readonly #leave: NewsStreamParts['leave'];
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #listeners = new Set<(news: VenueNews) => void>();
  #isRunning = false;
  #isClosed = false;
  #isLost = false;

  constructor({ watch, leave, clock, log }: NewsStreamParts) {
    this.#watch = watch;
    this.#leave = leave;
    this.#clock = clock;
    this.#log = log;
  }

  add(listener: (news: VenueNews) => void): () => void {
    this.#listeners.add(listener);
    if (!this.#isRunning && !this.#isClosed) void this.#run();
    return () => void this.#listeners.delete(listener);
  }

  /** A connection stands. */
  connected(): void {
    if (!this.#isLost || this.#isClosed) return;
    this.#isLost = false;
    this.#tell({ kind: 'back' });
  }

  close(): void {
    this.#isClosed = true;
    this.#listeners.clear();
    this.#leave();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    let waitMs = firstWaitMs;
    while (!this.#isClosed) {
      try {
        const orders = await this.#watch();
        if (this.#isClosed) return;
        waitMs = firstWaitMs;
        this.connected();
        for (const symbol of new Set(orders.map((order) => order.symbol))) {
          this.#tell(symbol === undefined ? { kind: 'orders' } : { kind: 'orders', symbol });
        }
      } catch (error) {
        if (this.#isClosed) return;
        if (!this.#isLost) {
          this.#isLost = true;
          // By name only: its text may hold the stream's address, and with it the key to the stream.
          this.#log.warn({ error: error instanceof Error ? error.name : typeof error }, 'the stream of orders broke');
          this.#tell({ kind: 'lost' });
        }
        this.#leave();
        await sleep(this.#clock, waitMs);
        waitMs = Math.min(longestWaitMs, waitMs * 2);
      }
    }
  }

  #tell(news: VenueNews): void {
    for (const listener of this.#listeners) listener(news);
  }
}
