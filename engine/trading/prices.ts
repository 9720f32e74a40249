import Big from 'big.js';
import type { QuoteFacts } from '#engine/risk/order-facts.ts';
import type { Quote } from '#engine/venues/venue.ts';

interface Mark {
  readonly price: number;
  /** By our clock, UTC milliseconds. */
  readonly at: number;
}

/** The last prices known, from bars and from quotes. */
export class Prices {
  readonly #closes = new Map<string, Mark>();
  readonly #quotes = new Map<string, QuoteFacts & { readonly last: Big }>();
  /** By symbol, when the venue was last asked for its price and had none. */
  readonly #missing = new Map<string, number>();

  /** @param closedAt when the bar closed */
  noteClose(symbol: string, price: number, closedAt: number): void {
    this.#closes.set(symbol, { price, at: closedAt });
  }

  /** @param at when it was asked for, so that it was true then or later; earlier where the venue says that it is older */
  noteQuote(symbol: string, { bid, ask, last }: Quote, at: number): void {
    this.#quotes.set(symbol, { bid, ask, last, time: at });
    this.#missing.delete(symbol);
  }

  /** @param at when the venue was asked, which answered, and not for this. @returns whether that is news */
  noteNone(symbol: string, at: number): boolean {
    const isNews = !this.#missing.has(symbol);
    this.#missing.set(symbol, at);
    return isNews;
  }

  /** When the venue last said that it has no price of this; null where it has one, or was not asked. By our clock. */
  missingAt(symbol: string): number | null {
    return this.#missing.get(symbol) ?? null;
  }

  /** The close decided on, and when its bar closed; null before the first bar. */
  close(symbol: string): Mark | null {
    return this.#closes.get(symbol) ?? null;
  }

  quote(symbol: string): QuoteFacts | null {
    return this.#quotes.get(symbol) ?? null;
  }

  /** What holdings are worth to a strategy: the last close, as it sees it; before the first bar, the last quote. */
  mark(symbol: string): number | null {
    return this.#closes.get(symbol)?.price ?? this.#quotes.get(symbol)?.last.toNumber() ?? null;
  }

  /** Whichever is newer, for what cannot wait for the next bar. */
  newest(symbol: string): Mark | null {
    const close = this.#closes.get(symbol) ?? null;
    const quote = this.#quotes.get(symbol);
    if (quote === undefined || (close !== null && close.at > quote.time)) return close;
    return { price: quote.last.toNumber(), at: quote.time };
  }

  /** What one unit of an asset is worth in another, where a symbol tells. */
  priceOf = (asset: string, quote: string): Big | null => {
    if (asset === quote) return new Big(1);
    const known = this.#quotes.get(`${asset}/${quote}`)?.last;
    if (known !== undefined) return known;
    const close = this.#closes.get(`${asset}/${quote}`);
    return close === undefined ? null : new Big(close.price);
  };
}
