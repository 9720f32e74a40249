import { VenueError } from '#engine/venues/venue-error.ts';
import { answered } from './call.ts';
import type { TraderParts } from './trader-parts.ts';

const retryMs = 1_000;
/** So long after a bar has closed fresh quotes are still worth a question. */
const lateMs = 10_000;

export interface QuoteSurroundings {
  symbols(): readonly string[];
  barsMs(): readonly number[];
  /** Prices are known as of now. */
  fetched(): void;
  /** What prices have changed could not be written. */
  failed(error: unknown): void;
}

/** Has the best prices at hand when a bar closes, so that no decision waits for them. */
export class QuoteWatch {
  readonly #parts: TraderParts;
  readonly #around: QuoteSurroundings;
  #isRunning = false;
  #cancelTimer: (() => void) | null = null;

  constructor(parts: TraderParts, around: QuoteSurroundings) {
    this.#parts = parts;
    this.#around = around;
  }

  begin(): void {
    this.#isRunning = true;
    this.review();
  }

  end(): void {
    this.#isRunning = false;
    this.#cancelTimer?.();
  }

  /** Bars of another length are traded now. */
  review(): void {
    if (this.#isRunning) this.#waitForNext();
  }

  /** @throws VenueError */
  async fetch(symbols = this.#around.symbols()): Promise<void> {
    const { venue, clock, timings, prices, log } = this.#parts;
    const askedAt = clock.now();
    if (symbols.length === 0) return;
    const quotes = await answered(clock, timings.callTimeoutMs, 'quotes', () => venue.quotes(symbols));
    // What the venue itself says is older was so when it was asked for, too.
    for (const [symbol, quote] of quotes) prices.noteQuote(symbol, quote, Math.min(askedAt, quote.time));
    for (const symbol of symbols) {
      if (!quotes.has(symbol) && prices.noteNone(symbol, askedAt)) log.warn({ symbol }, `${venue.name} has no price of it now.`);
    }
    this.#around.fetched();
  }

  #waitForNext(): void {
    const { clock, timings } = this.#parts;
    const lengths = this.#around.barsMs();
    this.#cancelTimer?.();
    if (lengths.length === 0) return;
    const from = clock.now() + timings.quoteLeadMs;
    const closesAt = Math.min(...lengths.map((barMs) => (Math.floor(from / barMs) + 1) * barMs));
    this.#fetchAfter(closesAt - from, closesAt);
  }

  #fetchAfter(ms: number, closesAt: number): void {
    this.#cancelTimer = this.#parts.clock.after(ms, () => {
      this.#fetchFor(closesAt).catch((error: unknown) => this.#around.failed(error));
    });
  }

  async #fetchFor(closesAt: number): Promise<void> {
    const { clock, log } = this.#parts;
    try {
      await this.fetch();
    } catch (error) {
      if (!(error instanceof VenueError)) throw error;
      log.warn({ code: error.code }, 'The quotes could not be fetched.');
      if (this.#isRunning && clock.now() + retryMs < closesAt + lateMs) {
        this.#fetchAfter(Math.max(retryMs, error.retryAfterMs ?? 0), closesAt);
        return;
      }
    }
    this.review();
  }
}
