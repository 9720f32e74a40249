import type Big from 'big.js';
import type { ExposureFacts } from '#engine/risk/order-facts.ts';
import type { TradingLimits } from '#engine/risk/trading-limits.ts';
import { entryPriceOf } from './age-position.ts';
import { ZERO } from './decimals.ts';
import type { Lane } from './lane.ts';
import { pairOf } from './position.ts';
import type { TraderParts } from './trader-parts.ts';

/** A strategy's share of the account. */
export interface Share {
  readonly strategy: string;
  /** Quote asset. */
  readonly capital: number;
  /** Length of its bars, milliseconds. */
  readonly barMs: number;
  readonly limits: Pick<TradingLimits, 'maxCapital' | 'quoteAgeMs'>;
}

/** What all strategies of the account hold, have set aside and are worth. Money in the quote asset. */
export class Portfolio {
  readonly #parts: TraderParts;
  readonly #shares: () => Iterable<Share>;
  readonly #left: () => Iterable<Share>;
  /** By asset, what the account had before us, and what people have paid in or taken out since; null before the first look. */
  #money: ReadonlyMap<string, Big> | null = null;

  /** @param left the shares of strategies that have given theirs back */
  constructor(parts: TraderParts, shares: () => Iterable<Share>, left: () => Iterable<Share>) {
    this.#parts = parts;
    this.#shares = shares;
    this.#left = left;
  }

  lanesOf(strategy: string): Lane[] {
    return [...this.#parts.ledger.lanes].filter((lane) => lane.strategy === strategy);
  }

  /** As the strategy sees it: cash and holdings, dust too, at the closes it decides on. NaN while something held has no price yet. */
  equityOf({ strategy, capital }: Share): number {
    const value = (lane: Lane) => worth(lane.position.quantity, this.#parts.prices.mark(lane.symbol) ?? this.#lastOf(lane));
    return this.lanesOf(strategy).reduce((sum, lane) => sum + lane.position.cash.toNumber() + value(lane), capital);
  }

  /** The account's money was compared with the journal. */
  noteMoney(baselines: ReadonlyMap<string, Big>): void {
    if (baselines.size > 0) this.#money = baselines;
  }

  /**
   * What may be lost of: the shares of all strategies together, never more than may be at stake, nor than the account itself has but
   * for what our trades have made of it. A share is a promise, and several of them may promise the same money.
   */
  get capital(): number {
    return Math.min(this.#promised(), this.#own());
  }

  /** Whether there is a strategy that may put anything at stake. Without one there is nothing that a loss could be a part of. */
  get isAtStake(): boolean {
    return this.#promised() > 0;
  }

  /** What its strategies may have of the account together, and what it itself has; null before the first look. */
  get money(): { readonly shares: number; readonly own: number | null } {
    const own = this.#own();
    let shares = 0;
    for (const { capital } of this.#shares()) shares += capital;
    return { shares, own: Number.isFinite(own) ? own : null };
  }

  /**
   * What the account is worth beyond its capital, through all that ever traded. What the venue has no price of counts with the last one
   * known, for the limits of the account hold for all the rest. NaN while something held has none that counts, as after an outage.
   */
  result(now: number): number {
    const shares = new Map([...this.#shares()].map((share) => [share.strategy, share]));
    const ages = [...this.#parts.ledger.lanes]
      .filter(({ position }) => !position.quantity.eq(0))
      .map((lane) => this.#ageOf(lane, shares.get(lane.strategy), now));
    if (ages.includes('late') && !ages.includes('fresh')) return Number.NaN;
    let sum = 0;
    for (const lane of this.#parts.ledger.lanes) sum += lane.position.cash.toNumber() + this.#valueOf(lane);
    return sum;
  }

  /** What is held that the venue has no price of now, and the price that it counts with; null where none is known. */
  unpriced(): { readonly lane: Lane; readonly price: number | null }[] {
    return [...this.#parts.ledger.lanes]
      .filter(({ position, symbol }) => position.isOpen && this.#parts.prices.missingAt(symbol) !== null)
      .map((lane) => ({ lane, price: this.#priceOf(lane) }));
  }

  /** The strategy's cash that no waiting purchase of another lane may cost. */
  freeCash({ strategy, capital }: Share, except: Lane): number {
    let free = capital;
    for (const lane of this.lanesOf(strategy)) {
      free += lane.position.cash.toNumber();
      if (lane !== except) free -= this.reservedOf(lane).toNumber();
    }
    return free;
  }

  /** What the strategy's sales that are under way will bring at the last closes, after fees. */
  expectedProceeds(strategy: string): number {
    let proceeds = 0;
    for (const lane of this.lanesOf(strategy)) {
      const { wish } = lane.memory;
      if (wish?.kind !== 'sell' || this.#parts.unlisted.has(lane.symbol)) continue;
      const price = this.#parts.prices.newest(lane.symbol)?.price;
      const feeRate = this.#parts.markets.get(lane.symbol)?.takerFeeRate ?? 0;
      proceeds += Math.max(0, lane.position.quantity.minus(wish.downTo).toNumber()) * (price ?? 0) * (1 - feeRate);
    }
    return proceeds;
  }

  /** Set aside for purchases at the venue in this quote asset, without those of one lane. */
  reservedIn(quote: string, except: Lane): Big {
    let reserved = ZERO;
    for (const lane of this.#parts.ledger.lanes) {
      if (lane !== except && pairOf(lane.symbol).quote === quote) reserved = reserved.plus(this.reservedOf(lane));
    }
    return reserved;
  }

  /** The most that the lane's purchases may still cost. */
  reservedOf(lane: Lane): Big {
    return this.#waitingOf(lane).times(1 + (this.#parts.markets.get(lane.symbol)?.takerFeeRate ?? 0));
  }

  /** What is held and what waiting purchases would add, but for those of `except`. */
  exposure(except: Lane): ExposureFacts {
    const facts = { equity: this.capital, symbol: 0, strategy: 0, gross: 0 };
    for (const lane of this.#parts.ledger.lanes) {
      const held = this.#valueOf(lane);
      const value = held + (lane === except ? 0 : this.#waitingOf(lane).toNumber());
      facts.equity += lane.position.cash.toNumber() + held;
      facts.gross += value;
      if (lane.symbol === except.symbol) facts.symbol += value;
      if (lane.strategy === except.strategy) facts.strategy += value;
    }
    return facts;
  }

  #waitingOf({ orders, memory }: Lane): Big {
    let waiting = ZERO;
    for (const { row } of orders.values()) {
      if (row.role === 'entry') waiting = waiting.plus(row.quantity.minus(row.filled).times(row.limitPrice ?? 0));
    }
    const { wish } = memory;
    return wish?.kind === 'enter' ? waiting.plus(wish.quantity.times(wish.limitPrice)) : waiting;
  }

  /** The shares of all strategies together, as far as that much may be at stake. One that has left has its own until all is sold. */
  #promised(): number {
    let shares = 0;
    let allowed = 0;
    const selling = [...this.#left()].filter(({ strategy }) => this.lanesOf(strategy).some(({ position }) => position.isOpen));
    for (const { capital, limits } of [...this.#shares(), ...selling]) {
      shares += capital;
      allowed = Math.max(allowed, limits.maxCapital ?? Number.POSITIVE_INFINITY);
    }
    return Math.min(shares, allowed);
  }

  /** Of the quote assets traded in; without end before the first look. */
  #own(): number {
    if (this.#money === null) return Number.POSITIVE_INFINITY;
    const quotes = new Set([...this.#parts.ledger.lanes].map(({ symbol }) => pairOf(symbol).quote));
    let own = 0;
    for (const quote of quotes) own += this.#money.get(quote)?.toNumber() ?? 0;
    return own;
  }

  /**
   * A bar that is handed over late, after an outage, tells what something was worth then, and halts nothing now; unless the venue was
   * asked since and has no price, or prices of now are known of something else that is held: then it is this market that has none.
   */
  #ageOf({ symbol }: Lane, share: Share | undefined, now: number): 'fresh' | 'last-known' | 'late' {
    const { prices } = this.#parts;
    if (share === undefined) return 'last-known';
    const isRecent = (at: number | undefined | null) => at != null && now - at <= share.barMs + share.limits.quoteAgeMs;
    if (isRecent(prices.newest(symbol)?.at)) return 'fresh';
    return isRecent(prices.missingAt(symbol)) ? 'last-known' : 'late';
  }

  /** As of now: people's money is not worth what it was when the bar closed. */
  #valueOf(lane: Lane): number {
    return worth(lane.position.quantity, this.#priceOf(lane));
  }

  #priceOf(lane: Lane): number | null {
    return this.#parts.prices.newest(lane.symbol)?.price ?? this.#lastOf(lane);
  }

  /** After a restart nothing is known of what the venue has no price of but how its last bar closed, and before that what it was bought at. */
  #lastOf({ position, memory, symbol }: Lane): number | null {
    if (this.#parts.prices.missingAt(symbol) === null) return null;
    const { opened } = position;
    const close = opened !== null && memory.bars?.fill === opened.fill ? memory.bars.close : null;
    return close ?? entryPriceOf(position);
  }
}

function worth(quantity: Big, price: number | null): number {
  return quantity.eq(0) ? 0 : quantity.toNumber() * (price ?? Number.NaN);
}
