import type Big from 'big.js';
import type { ExposureFacts } from '#engine/risk/order-facts.ts';
import { ZERO } from './decimals.ts';
import type { Lane } from './lane.ts';
import { pairOf } from './position.ts';
import type { TraderParts } from './trader-parts.ts';

/** A strategy's share of the account. */
export interface Share {
  readonly strategy: string;
  /** Quote asset. */
  readonly capital: number;
}

/** What all strategies of the account hold, have set aside and are worth, at the last prices. Money in the quote asset. */
export class Portfolio {
  readonly #parts: TraderParts;
  readonly #shares: () => Iterable<Share>;

  constructor(parts: TraderParts, shares: () => Iterable<Share>) {
    this.#parts = parts;
    this.#shares = shares;
  }

  lanesOf(strategy: string): Lane[] {
    return [...this.#parts.ledger.lanes].filter((lane) => lane.strategy === strategy);
  }

  /** Cash and holdings, dust too. NaN while something held has no price yet. */
  equityOf({ strategy, capital }: Share): number {
    return this.lanesOf(strategy).reduce((sum, lane) => sum + this.#resultOf(lane), capital);
  }

  get capital(): number {
    let sum = 0;
    for (const { capital } of this.#shares()) sum += capital;
    return sum;
  }

  /** What the account is worth beyond the capital of its strategies, also of those that no longer trade. NaN as above. */
  get result(): number {
    let sum = 0;
    for (const lane of this.#parts.ledger.lanes) sum += this.#resultOf(lane);
    return sum;
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
      if (wish?.kind !== 'sell') continue;
      const price = this.#parts.prices.newest(lane.symbol);
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
    const facts = { equity: 0, symbol: 0, strategy: 0, gross: 0 };
    for (const share of this.#shares()) facts.equity += this.equityOf(share);
    for (const lane of this.#parts.ledger.lanes) {
      const value = this.#valueOf(lane) + (lane === except ? 0 : this.#waitingOf(lane).toNumber());
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

  #resultOf(lane: Lane): number {
    return lane.position.cash.toNumber() + this.#valueOf(lane);
  }

  #valueOf({ position, symbol }: Lane): number {
    if (position.quantity.eq(0)) return 0;
    return position.quantity.toNumber() * (this.#parts.prices.mark(symbol) ?? Number.NaN);
  }
}
