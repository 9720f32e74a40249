import { Big } from 'big.js';
import type { Side } from '../venue.ts';
import type { BookShape, ListedMarket } from './exchange-types.ts';

/** A piece of an order as one level of the book takes it. */
export interface Slice {
  readonly price: Big;
  readonly quantity: Big;
}

/** Prices are compared as whole ticks; a price that is a rounding error away from a tick is on it. */
const rounding = 1e-7;

/** The crowd's offers around a price, as a shape; what our orders took of it comes back after a while. */
export class OrderBook {
  #shape: BookShape;
  readonly #tick: Big;
  readonly #tickSize: number;
  readonly #step: Big;
  readonly #stepSize: number;
  /** By the side of the order that takes. */
  readonly #taken: Record<Side, { quantity: Big; until: number }> = {
    buy: { quantity: new Big(0), until: Number.NEGATIVE_INFINITY },
    sell: { quantity: new Big(0), until: Number.NEGATIVE_INFINITY },
  };

  constructor(market: ListedMarket) {
    this.#shape = market.book;
    this.#tick = market.tickSize;
    this.#tickSize = Number(market.tickSize);
    this.#step = market.stepSize;
    this.#stepSize = Number(market.stepSize);
  }

  reshape(changes: Partial<BookShape>): void {
    this.#shape = { ...this.#shape, ...changes };
  }

  /** Whole ticks in a price that is on the tick. */
  ticksOf(price: Big): number {
    return Math.round(Number(price) / this.#tickSize);
  }

  /** The price on the tick nearest to `price`. */
  onTick(price: number): Big {
    return this.#tick.times(Math.round(price / this.#tickSize));
  }

  bid(price: number): Big {
    return this.#tick.times(this.#best('sell', price));
  }

  ask(price: number): Big {
    return this.#tick.times(this.#best('buy', price));
  }

  /** How far the price must come for the best offer to meet a resting order's limit. */
  touchPrice(side: Side, limit: Big): number {
    const { halfSpreadRate } = this.#shape;
    if (side === 'sell') return Number(limit) / (1 - halfSpreadRate);
    // The ask is one tick above the bid at least, so the bid must have come below the limit.
    const below = ((this.ticksOf(limit) - 2 * rounding) * this.#tickSize) / (1 - halfSpreadRate);
    return Math.min(Number(limit) / (1 + halfSpreadRate), below);
  }

  /** When there is something again to take for an order of `side` that has had all there was. */
  refilledAfter(side: Side, time: number): number {
    const { until } = this.#taken[side];
    return until > time ? until : time + Math.max(1, this.#shape.refillMs);
  }

  /** The pieces in which an order of `side` would be taken now, best price first, none beyond `limit`; less than wanted where it is thin. */
  walk(side: Side, price: number, time: number, wanted: Big, limit: Big | null): Slice[] {
    const slices: Slice[] = [];
    const limitTicks = limit === null ? null : this.ticksOf(limit);
    const taken = this.#taken[side];
    let gone = time < taken.until ? taken.quantity : new Big(0);
    let rest = wanted;
    for (const level of this.#levels(side, price)) {
      if (limitTicks !== null && (side === 'buy' ? level.ticks > limitTicks : level.ticks < limitTicks)) break;
      const left = gone.gte(level.quantity) ? new Big(0) : level.quantity.minus(gone);
      gone = gone.minus(level.quantity.minus(left));
      const quantity = left.lt(rest) ? left : rest;
      if (quantity.gt(0)) slices.push({ price: this.#tick.times(level.ticks), quantity });
      rest = rest.minus(quantity);
      if (rest.lte(0)) break;
    }
    return slices;
  }

  take(side: Side, quantity: Big, time: number): void {
    const taken = this.#taken[side];
    const before = time < taken.until ? taken.quantity : new Big(0);
    this.#taken[side] = { quantity: before.plus(quantity), until: time + this.#shape.refillMs };
  }

  /** Both sides as the crowd offers them, best first, whatever was taken a moment ago. */
  depth(price: number): { bids: Slice[]; asks: Slice[] } {
    const side = (taker: Side) =>
      this.#levels(taker, price).map((level) => ({ price: this.#tick.times(level.ticks), quantity: level.quantity }));
    return { bids: side('sell'), asks: side('buy') };
  }

  /** The best offer for a taker of `side`, in ticks. */
  #best(side: Side, price: number): number {
    const ticks = price / this.#tickSize;
    const { halfSpreadRate } = this.#shape;
    const bid = Math.max(1, Math.floor(ticks * (1 - halfSpreadRate) + rounding));
    if (side === 'sell') return bid;
    return Math.max(bid + 1, Math.ceil(ticks * (1 + halfSpreadRate) - rounding));
  }

  #levels(side: Side, price: number): { ticks: number; quantity: Big }[] {
    const { levels, spacingRate, levelNotional } = this.#shape;
    const best = this.#best(side, price);
    const spacing = Math.max(1, Math.round((spacingRate * price) / this.#tickSize));
    const quantity = this.#step.times(Math.max(1, Math.floor(levelNotional / price / this.#stepSize + rounding)));
    const all: { ticks: number; quantity: Big }[] = [];
    for (let level = 0; level < levels; level += 1) {
      const ticks = side === 'buy' ? best + level * spacing : best - level * spacing;
      if (ticks < 1) break;
      all.push({ ticks, quantity });
    }
    return all;
  }
}
