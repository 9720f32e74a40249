import { answered } from './call.ts';
import type { Lane } from './lane.ts';
import type { TraderParts } from './trader-parts.ts';

export interface ListingSurroundings {
  /** Everything that is traded, ever was, or may be from the next bar on. */
  wanted(): readonly string[];
  /** The venue names the market of the lane again. */
  back(lane: Lane): void;
}

/**
 * Which of our markets the venue names. One that it names no longer takes nothing from us, and costs the others nothing; where something
 * of it is held, or an order is not known to have ended, a person is told once the venue has said so twice.
 */
export class ListedMarkets {
  readonly #parts: TraderParts;
  readonly #around: ListingSurroundings;
  /** Since when markets of which something is held, or on its way, were missing; by our clock. */
  #missingSince: ReadonlyMap<string, number> = new Map();

  constructor(parts: TraderParts, around: ListingSurroundings) {
    this.#parts = parts;
    this.#around = around;
  }

  /** Something was missing that had been there the time before: whether it stays away is to be looked at soon. */
  get isDoubtful(): boolean {
    return [...this.#missingSince.values()].some((since) => this.#isNews(since));
  }

  /** @throws VenueError */
  async read(): Promise<void> {
    const { venue, markets, unlisted, clock, timings, ledger } = this.#parts;
    const symbols = this.#around.wanted();
    const found = await answered(clock, timings.callTimeoutMs, 'markets', () => venue.markets(symbols));
    for (const market of found) markets.set(market.symbol, market);
    const named = new Set(found.map(({ symbol }) => symbol));
    const missing = symbols.filter((symbol) => !named.has(symbol));
    for (const symbol of missing) this.#strike(symbol);
    this.#missingSince = new Map(
      missing
        .filter((symbol) => ledger.lanesOf(symbol).some(isAtStake))
        .map((symbol) => [symbol, Math.min(this.#missingSince.get(symbol) ?? clock.now(), clock.now())]),
    );
    for (const [symbol, since] of this.#missingSince) if (!this.#isNews(since)) this.#tell(symbol);
    for (const symbol of named) {
      if (!unlisted.delete(symbol)) continue;
      for (const lane of ledger.lanesOf(symbol)) this.#around.back(lane);
    }
  }

  #isNews(since: number): boolean {
    const { clock, timings } = this.#parts;
    return clock.now() - since < timings.lookAgainMs;
  }

  #strike(symbol: string): void {
    const { venue, markets, unlisted, log } = this.#parts;
    const known = markets.get(symbol);
    if (known !== undefined) markets.set(symbol, { ...known, isActive: false });
    if (!unlisted.has(symbol)) log.warn({ symbol }, `${venue.name} names no such market.`);
    unlisted.add(symbol);
  }

  #tell(symbol: string): void {
    const { venue, ledger, freeze } = this.#parts;
    for (const { strategy, position, orders } of ledger.lanesOf(symbol)) {
      if (position.isOpen) {
        const message = `${venue.name} names no market ${symbol} any more: ${position.quantity} of it held by ${strategy} can be neither sold nor protected there.`;
        freeze({ symbol, code: 'no-market', subject: strategy, message });
      }
      for (const { row } of orders.values()) {
        const message = `${venue.name} names no market ${symbol} any more, and cannot be asked what became of our ${row.role} order ${row.clientOrderId}.`;
        freeze({ symbol, code: 'vanished-order', subject: row.clientOrderId, message });
      }
    }
  }
}

function isAtStake({ position, orders }: Lane): boolean {
  return position.isOpen || orders.size > 0;
}
