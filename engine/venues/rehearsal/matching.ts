import { Big } from 'big.js';
import type { Side } from '../venue.ts';
import { checkOrder, refusal } from './accept-order.ts';
import type { ExchangeEvent, ExchangeFill, ExchangeOrder, FeePlan, ListedMarket, NewOrder } from './exchange-types.ts';
import { costWithFee, feesOf } from './fees.ts';
import { addFees, type Ledger } from './ledger.ts';
import type { OrderBook, Slice } from './order-book.ts';
import type { PricePath } from './price-path.ts';

const zero = new Big(0);
const never = Number.POSITIVE_INFINITY;

export interface LiveMarket {
  listed: ListedMarket;
  readonly path: PricePath;
  readonly book: OrderBook;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface LiveOrder extends Mutable<ExchangeOrder> {
  /** When the price, as its bars are known, next does something to the order. */
  nextAt: number;
  held: { asset: string; amount: Big };
}

export interface MatchingOptions {
  readonly markets: ReadonlyMap<string, LiveMarket>;
  readonly ledger: Ledger;
  readonly fees: FeePlan;
  readonly refusesReachedStops: boolean;
  readonly tell: (event: ExchangeEvent) => void;
}

/** What becomes of orders, from their coming in to their end. Time is always given; nothing here looks at a clock. */
export class Matching {
  readonly orders: LiveOrder[] = [];
  readonly open = new Set<LiveOrder>();
  readonly fills: ExchangeFill[] = [];
  readonly #markets: ReadonlyMap<string, LiveMarket>;
  readonly #ledger: Ledger;
  readonly #fees: FeePlan;
  readonly #refusesReachedStops: boolean;
  readonly #tellAll: (event: ExchangeEvent) => void;

  constructor({ markets, ledger, fees, refusesReachedStops, tell }: MatchingOptions) {
    this.#markets = markets;
    this.#ledger = ledger;
    this.#fees = fees;
    this.#refusesReachedStops = refusesReachedStops;
    this.#tellAll = tell;
  }

  /** The open order that something happens to next. */
  get next(): LiveOrder | null {
    let first: LiveOrder | null = null;
    for (const order of this.open) if (first === null || order.nextAt < first.nextAt) first = order;
    return first;
  }

  /** @throws VenueError refused */
  place(account: string, request: NewOrder, now: number): LiveOrder {
    const order = this.#accept(account, request, now);
    this.orders.push(order);
    this.open.add(order);
    this.#tell(order, 'accepted');
    if (order.kind === 'stop') this.#hold(order);
    else this.#takeAtOnce(order, now);
    if (order.state === 'open') this.#foresee(order, now);
    return order;
  }

  /** The moment an open order was waiting for. */
  reach(order: LiveOrder, time: number): void {
    const { path, book } = this.market(order.symbol);
    const price = path.priceAt(time);
    if (isWaiting(order)) {
      this.#trigger(order, price, time);
      return;
    }
    const rest = order.quantity.minus(order.filled);
    const quantity = sum(book.walk(order.side, price, time, rest, order.limitPrice), (slice) => slice.quantity);
    if (quantity.gt(0)) this.#fill(order, { price: order.limitPrice!, quantity }, true, time);
    if (order.state === 'open') this.#foresee(order, book.refilledAfter(order.side, time));
  }

  end(order: LiveOrder, state: ExchangeOrder['state'], reason: NonNullable<ExchangeOrder['endReason']>, time: number): void {
    order.state = state;
    order.endReason = reason;
    order.endedAt = time;
    order.nextAt = never;
    this.open.delete(order);
    this.#hold(order);
    this.#tell(order, 'ended');
  }

  /** More bars are known, or the book has another shape. */
  foreseeAgain(symbol: string, now: number): void {
    for (const order of this.open) if (order.symbol === symbol) this.#foresee(order, now);
  }

  #foresee(order: LiveOrder, from: number): void {
    const { path, book } = this.market(order.symbol);
    if (isWaiting(order)) {
      order.nextAt = path.firstReach(from, order.side === 'sell' ? 'down' : 'up', Number(order.stopPrice));
    } else {
      const touch = book.touchPrice(order.side, order.limitPrice!);
      order.nextAt = path.firstReach(from, order.side === 'buy' ? 'down' : 'up', touch);
    }
  }

  /** What an open order keeps others from spending. */
  reservation(order: LiveOrder): { asset: string; amount: Big } {
    const rest = order.quantity.minus(order.filled);
    const price = order.limitPrice ?? order.stopPrice;
    if (order.side === 'sell') return { asset: order.held.asset, amount: rest };
    if (price === null) return { asset: order.held.asset, amount: zero };
    return { asset: order.held.asset, amount: costWithFee(this.#fees, this.market(order.symbol).listed, rest, price) };
  }

  market(symbol: string): LiveMarket {
    const market = this.#markets.get(symbol);
    if (market === undefined) throw refusal('unknown-symbol', `There is no market ${symbol}.`);
    return market;
  }

  #accept(account: string, request: NewOrder, now: number): LiveOrder {
    const market = this.market(request.symbol);
    if (!this.#ledger.has(account)) throw refusal('insufficient-funds', `There is no account "${account}".`);
    if (!market.listed.isActive || market.path.isEmpty) throw refusal('inactive', `${request.symbol} takes no orders now.`);
    const price = market.path.priceAt(now);
    checkOrder(request, market.listed, price);
    if (request.clientOrderId !== null) {
      for (const open of this.open) {
        if (open.account === account && open.clientOrderId === request.clientOrderId) {
          throw refusal('client-id-in-use', `An open order has the id ${request.clientOrderId}.`);
        }
      }
    }
    if (request.kind === 'stop' && this.#refusesReachedStops && isReached(request.side, price, Number(request.stopPrice))) {
      throw refusal('stop-reached', `The price ${price} has reached the stop at ${request.stopPrice}.`);
    }
    const { clientOrderId, symbol, side, kind, quantity, limitPrice, stopPrice } = request;
    const order: LiveOrder = {
      ...{ clientOrderId, symbol, side, kind, quantity, limitPrice, stopPrice },
      number: this.orders.length + 1,
      account,
      state: 'open',
      filled: zero,
      cost: zero,
      fees: [],
      fillNumbers: [],
      createdAt: now,
      triggeredAt: null,
      endedAt: null,
      endReason: null,
      nextAt: never,
      held: { asset: side === 'buy' ? market.listed.quote : market.listed.base, amount: zero },
    };
    this.#checkFunds(order, market, price, now);
    return order;
  }

  #checkFunds(order: LiveOrder, { listed, book }: LiveMarket, price: number, now: number): void {
    let needed = this.reservation(order).amount;
    if (order.kind === 'market' && order.side === 'buy') {
      const slices = book.walk('buy', price, now, order.quantity, null);
      if (slices.length === 0) throw refusal('no-depth', `Nobody offers ${listed.base}.`);
      needed = sum(slices, (slice) => costWithFee(this.#fees, listed, slice.quantity, slice.price));
    }
    const free = this.#ledger.free(order.account, order.held.asset);
    if (needed.gt(free)) {
      throw refusal('insufficient-funds', `The order needs ${needed} ${order.held.asset}; ${free} are free.`);
    }
  }

  /** Brings what is held in line with what is left of the order. */
  #hold(order: LiveOrder): void {
    const amount = order.state === 'open' ? this.reservation(order).amount : zero;
    this.#ledger.hold(order.account, order.held.asset, amount.minus(order.held.amount));
    order.held.amount = amount;
  }

  #takeAtOnce(order: LiveOrder, now: number): void {
    const { path, book } = this.market(order.symbol);
    const slices = book.walk(order.side, path.priceAt(now), now, order.quantity, order.limitPrice);
    for (const slice of slices) this.#fill(order, slice, false, now);
    if (order.state !== 'open') return;
    if (order.kind !== 'limit') this.end(order, 'expired', 'no-depth', now);
    else this.#hold(order);
  }

  #trigger(order: LiveOrder, price: number, time: number): void {
    const { listed, book } = this.market(order.symbol);
    order.triggeredAt = time;
    this.#tell(order, 'triggered');
    for (const slice of book.walk(order.side, price, time, order.quantity, order.limitPrice)) {
      if (order.side === 'buy' && order.limitPrice === null) {
        const funds = this.#ledger.free(order.account, order.held.asset).plus(order.held.amount);
        if (costWithFee(this.#fees, listed, slice.quantity, slice.price).gt(funds)) {
          this.end(order, 'expired', 'no-funds', time);
          return;
        }
      }
      this.#fill(order, slice, false, time);
    }
    if (order.state !== 'open') return;
    if (order.limitPrice === null) this.end(order, 'expired', 'no-depth', time);
    else this.#foresee(order, book.refilledAfter(order.side, time));
  }

  #fill(order: LiveOrder, slice: Slice, isMaker: boolean, time: number): void {
    const { listed, book } = this.market(order.symbol);
    book.take(order.side, slice.quantity, time);
    const { account, symbol, side } = order;
    const thirdBalance = typeof this.#fees === 'string' ? zero : this.#ledger.free(account, this.#fees.asset);
    const fees = feesOf(this.#fees, listed, { ...slice, side, isMaker, thirdBalance });
    const number = this.fills.length + 1;
    const fill: ExchangeFill = { number, orderNumber: order.number, account, symbol, side, ...slice, fees, isMaker, time };
    this.fills.push(fill);
    order.filled = order.filled.plus(slice.quantity);
    order.cost = order.cost.plus(slice.quantity.times(slice.price));
    order.fees = addFees(order.fees, fees);
    order.fillNumbers = [...order.fillNumbers, number];
    this.#ledger.settle(fill, listed.base, listed.quote);
    const isDone = order.filled.eq(order.quantity);
    if (!isDone) this.#hold(order);
    this.#tellAll({ kind: 'fill', fill, order: copyOf(order) });
    if (isDone) this.end(order, 'filled', 'filled', time);
  }

  #tell(order: LiveOrder, change: 'accepted' | 'triggered' | 'ended'): void {
    this.#tellAll({ kind: 'order', change, order: copyOf(order) });
  }
}

function isReached(side: Side, price: number, stopPrice: number): boolean {
  return side === 'sell' ? price <= stopPrice : price >= stopPrice;
}

/** A stop whose price has not come. */
function isWaiting(order: LiveOrder): boolean {
  return order.kind === 'stop' && order.triggeredAt === null;
}

export function sum<T>(items: readonly T[], amount: (item: T) => Big): Big {
  return items.reduce((total, item) => total.plus(amount(item)), zero);
}

export function copyOf({ nextAt: _, held: __, ...order }: LiveOrder): ExchangeOrder {
  return order;
}
