import { Big } from 'big.js';
import type { CandleColumns } from '#engine/candles/types.ts';
import type { Clock } from '#engine/clock.ts';
import type { Balance, Quote, Side } from '../venue.ts';
import { checkOrder, refusal } from './accept-order.ts';
import { Audit } from './audit.ts';
import type {
  BookLine,
  ExchangeEvent,
  ExchangeFill,
  ExchangeOptions,
  ExchangeOrder,
  FeePlan,
  LedgerEntry,
  ListedMarket,
  NewOrder,
} from './exchange-types.ts';
import { costWithFee, feesOf } from './fees.ts';
import { addFees, Ledger } from './ledger.ts';
import { OrderBook, type Slice } from './order-book.ts';
import { PricePath } from './price-path.ts';

const zero = new Big(0);
const never = Number.POSITIVE_INFINITY;
/** Machines' timers take no longer waits. */
const longestWaitMs = 86_400_000;

interface LiveMarket {
  listed: ListedMarket;
  readonly path: PricePath;
  readonly book: OrderBook;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface LiveOrder extends Mutable<ExchangeOrder> {
  /** When the price, as its bars are known, next does something to the order. */
  nextAt: number;
  held: { asset: string; amount: Big };
}

/**
 * A spot exchange as a model: no network, no disk, no chance, and no time but the clock's. It works out what happened
 * since it was last asked whenever it is asked, and by the clock's timer when the price reaches an order, so that how often
 * it is asked changes nothing. While nobody has an order, the price costs nothing.
 *
 * An order takes from the book's shape (`OrderBook`): market and limit-ioc at once, and what is left of them is gone; what is
 * left of a limit order rests, and is filled at its own price as maker when the best offer meets it, one helping of the
 * book each `refillMs`. A stop becomes a market order, or a limit order where it has a limit price, when the
 * price (not bid or ask) touches it; through a gap at the price after the gap.
 *
 * Every amount is exact; `books()` works all balances out a second time from deposits and fills.
 */
export class Exchange {
  readonly #clock: Clock;
  readonly #fees: FeePlan;
  readonly #refusesReachedStops: boolean;
  readonly #markets = new Map<string, LiveMarket>();
  readonly #ledger = new Ledger();
  readonly #audit = new Audit();
  readonly #orders: LiveOrder[] = [];
  readonly #open = new Set<LiveOrder>();
  readonly #fills: ExchangeFill[] = [];
  readonly #deadlines = new Map<string, number>();
  readonly #listeners = new Set<(event: ExchangeEvent) => void>();
  #events: ExchangeEvent[] = [];
  #isBusy = false;
  #cancelTimer: (() => void) | null = null;
  #timerAt = never;

  constructor(clock: Clock, options: ExchangeOptions) {
    this.#clock = clock;
    this.#fees = options.fees ?? 'quote';
    this.#refusesReachedStops = options.refusesReachedStops ?? false;
    for (const market of options.markets) {
      const path = new PricePath(market.candles, market.barMs);
      this.#markets.set(market.symbol, { listed: market, path, book: new OrderBook(market) });
    }
    for (const [account, amounts] of Object.entries(options.balances)) {
      this.#ledger.open(account);
      for (const [asset, amount] of Object.entries(amounts)) this.#ledger.deposit(account, asset, new Big(amount), clock.now());
    }
  }

  now(): number {
    return this.#clock.now();
  }

  markets(): ListedMarket[] {
    return [...this.#markets.values()].map((market) => market.listed);
  }

  /** The price of every moment, for candles and tickers. @throws VenueError */
  path(symbol: string): PricePath {
    return this.#market(symbol).path;
  }

  /** Bars that follow those the market has. */
  extend(symbol: string, candles: CandleColumns): void {
    this.#run(() => {
      this.#market(symbol).path.extend(candles);
      for (const order of this.#open) if (order.symbol === symbol && order.nextAt === never) this.#foresee(order, this.now());
    });
  }

  /** Whether orders are taken; cancelling always works. */
  setActive(symbol: string, isActive: boolean): void {
    const market = this.#market(symbol);
    market.listed = { ...market.listed, isActive };
  }

  /** Best prices now. @throws VenueError */
  quote(symbol: string): Quote {
    const { path, book } = this.#market(symbol);
    const now = this.now();
    const price = path.priceAt(now);
    return { bid: book.bid(price), ask: book.ask(price), last: book.onTick(price), time: Math.min(now, path.end) };
  }

  /** Both sides of the book now, best first. @throws VenueError */
  depth(symbol: string): { bids: Slice[]; asks: Slice[] } {
    const { path, book } = this.#market(symbol);
    return book.depth(path.priceAt(this.now()));
  }

  balances(account: string): Map<string, Balance> {
    return this.#run(() => this.#ledger.balances(account));
  }

  /** Money that comes from outside, or, below zero, goes there. Opens the account if need be. */
  deposit(account: string, asset: string, amount: Big): void {
    this.#run(() => this.#ledger.deposit(account, asset, amount, this.now()));
  }

  /** @throws VenueError refused, with `details.rule` */
  place(account: string, request: NewOrder): ExchangeOrder {
    return this.#run(() => {
      const order = this.#accept(account, request);
      this.#orders.push(order);
      this.#open.add(order);
      this.#tell(order, 'accepted');
      if (order.kind === 'stop') this.#hold(order);
      else this.#takeAtOnce(order);
      if (order.state === 'open') this.#foresee(order, this.now());
      return copyOf(order);
    });
  }

  /** @throws VenueError refused, `no-such-order` or `ended` */
  cancel(account: string, number: number): ExchangeOrder {
    return this.#run(() => {
      const order = this.#orders[number - 1];
      if (order === undefined || order.account !== account) throw refusal('no-such-order', `There is no order ${number}.`);
      if (order.state !== 'open') throw refusal('ended', `Order ${number} has ended: ${order.state}.`);
      this.#end(order, 'cancelled', 'asked', this.now());
      return copyOf(order);
    });
  }

  /** Cancels all; how many there were. */
  cancelAll(account: string, symbols?: readonly string[]): number {
    return this.#run(() => {
      const all = [...this.#open].filter((order) => order.account === account && (symbols?.includes(order.symbol) ?? true));
      for (const order of all) this.#end(order, 'cancelled', 'asked', this.now());
      return all.length;
    });
  }

  /** Cancels all orders of the account when it is not called again within `ms`; 0 takes it back. */
  armDeadManSwitch(account: string, ms: number): void {
    this.#run(() => {
      if (ms > 0) this.#deadlines.set(account, this.now() + ms);
      else this.#deadlines.delete(account);
    });
  }

  order(account: string, number: number): ExchangeOrder | null {
    return this.#run(() => {
      const order = this.#orders[number - 1];
      return order === undefined || order.account !== account ? null : copyOf(order);
    });
  }

  /** The newest order under a client order id, which only an open order keeps others from taking. */
  orderByClientId(account: string, clientOrderId: string): ExchangeOrder | null {
    return this.#run(() => {
      const order = this.#orders.findLast((each) => each.account === account && each.clientOrderId === clientOrderId);
      return order === undefined ? null : copyOf(order);
    });
  }

  openOrders(account: string): ExchangeOrder[] {
    return this.#run(() => [...this.#open].filter((order) => order.account === account).map(copyOf));
  }

  /** Every order ever, oldest first. */
  orders(account: string): ExchangeOrder[] {
    return this.#run(() => this.#orders.filter((order) => order.account === account).map(copyOf));
  }

  /** Every fill ever, oldest first. */
  fills(account: string): ExchangeFill[] {
    return this.#run(() => this.#fills.filter((fill) => fill.account === account));
  }

  /** Every movement of every balance. */
  get ledger(): readonly LedgerEntry[] {
    return this.#run(() => this.#ledger.entries);
  }

  /** All balances twice; see {@link BookLine}. Money is conserved when every `difference` is zero. */
  books(): BookLine[] {
    return this.#run(() => {
      this.#audit.read(this.#ledger.entries, this.#fills, (symbol) => this.#market(symbol).listed);
      const lines: BookLine[] = [];
      for (const account of this.#ledger.accounts) {
        for (const [asset, { total, free }] of this.#ledger.balances(account)) {
          const line = this.#audit.line(account, asset);
          const holding = [...this.#open].filter((order) => order.account === account && order.held.asset === asset);
          lines.push({
            account,
            asset,
            ...line,
            balance: total,
            difference: total.minus(line.deposited.plus(line.traded).minus(line.fees)),
            held: total.minus(free),
            heldByOrders: sum(holding, (order) => this.#reservation(order).amount),
          });
        }
      }
      return lines;
    });
  }

  /** Told of everything that happens to orders, in order, once the exchange is done with the moment. */
  on(listener: (event: ExchangeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** No more timers. */
  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#listeners.clear();
  }

  /** Brings the exchange to now, does `work`, sets the timer, and only then tells the listeners, who may call again. */
  #run<T>(work: () => T): T {
    if (this.#isBusy) return work();
    this.#isBusy = true;
    try {
      this.#catchUp();
      return work();
    } finally {
      this.#isBusy = false;
      this.#setTimer();
      const events = this.#events;
      this.#events = [];
      for (const event of events) for (const listener of this.#listeners) listener(event);
    }
  }

  #catchUp(): void {
    const now = this.now();
    for (;;) {
      const order = earliest(this.#open);
      const [account, deadline] = soonest(this.#deadlines);
      if (Math.min(order?.nextAt ?? never, deadline) > now) return;
      if (order !== null && order.nextAt <= deadline) this.#reach(order, order.nextAt);
      else {
        this.#deadlines.delete(account);
        for (const each of this.#open) if (each.account === account) this.#end(each, 'cancelled', 'dead-man-switch', deadline);
      }
    }
  }

  #setTimer(): void {
    const next = Math.min(earliest(this.#open)?.nextAt ?? never, soonest(this.#deadlines)[1]);
    if (next === this.#timerAt) return;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#timerAt = next;
    if (next === never) return;
    const wait = Math.min(longestWaitMs, Math.max(0, next - this.now()));
    this.#cancelTimer = this.#clock.after(wait, () => {
      this.#timerAt = never;
      this.#run(() => {});
    });
  }

  #accept(account: string, request: NewOrder): LiveOrder {
    const market = this.#market(request.symbol);
    if (!this.#ledger.has(account)) throw refusal('insufficient-funds', `There is no account "${account}".`);
    if (!market.listed.isActive || market.path.isEmpty) throw refusal('inactive', `${request.symbol} takes no orders now.`);
    const now = this.now();
    const price = market.path.priceAt(now);
    checkOrder(request, market.listed, price);
    if (request.clientOrderId !== null) {
      for (const open of this.#open) {
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
      number: this.#orders.length + 1,
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
    let needed = this.#reservation(order).amount;
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

  /** What an open order keeps others from spending. */
  #reservation(order: LiveOrder): { asset: string; amount: Big } {
    const rest = order.quantity.minus(order.filled);
    const price = order.limitPrice ?? order.stopPrice;
    if (order.side === 'sell') return { asset: order.held.asset, amount: rest };
    if (price === null) return { asset: order.held.asset, amount: zero };
    return { asset: order.held.asset, amount: costWithFee(this.#fees, this.#market(order.symbol).listed, rest, price) };
  }

  /** Brings what is held in line with what is left of the order. */
  #hold(order: LiveOrder): void {
    const amount = order.state === 'open' ? this.#reservation(order).amount : zero;
    this.#ledger.hold(order.account, order.held.asset, amount.minus(order.held.amount));
    order.held.amount = amount;
  }

  #takeAtOnce(order: LiveOrder): void {
    const now = this.now();
    const { path, book } = this.#market(order.symbol);
    const slices = book.walk(order.side, path.priceAt(now), now, order.quantity, order.limitPrice);
    for (const slice of slices) this.#fill(order, slice, false, now);
    if (order.state !== 'open') return;
    if (order.kind !== 'limit') this.#end(order, 'expired', 'no-depth', now);
    else this.#hold(order);
  }

  /** The moment an open order was waiting for. */
  #reach(order: LiveOrder, time: number): void {
    const { path, book } = this.#market(order.symbol);
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

  #trigger(order: LiveOrder, price: number, time: number): void {
    const { listed, book } = this.#market(order.symbol);
    order.triggeredAt = time;
    this.#tell(order, 'triggered');
    for (const slice of book.walk(order.side, price, time, order.quantity, order.limitPrice)) {
      if (order.side === 'buy' && order.limitPrice === null) {
        const funds = this.#ledger.free(order.account, order.held.asset).plus(order.held.amount);
        if (costWithFee(this.#fees, listed, slice.quantity, slice.price).gt(funds)) {
          this.#end(order, 'expired', 'no-funds', time);
          return;
        }
      }
      this.#fill(order, slice, false, time);
    }
    if (order.state !== 'open') return;
    if (order.limitPrice === null) this.#end(order, 'expired', 'no-depth', time);
    else this.#foresee(order, book.refilledAfter(order.side, time));
  }

  #fill(order: LiveOrder, slice: Slice, isMaker: boolean, time: number): void {
    const { listed, book } = this.#market(order.symbol);
    book.take(order.side, slice.quantity, time);
    const { account, symbol, side } = order;
    const thirdBalance = typeof this.#fees === 'string' ? zero : this.#ledger.free(account, this.#fees.asset);
    const fees = feesOf(this.#fees, listed, { ...slice, side, isMaker, thirdBalance });
    const number = this.#fills.length + 1;
    const fill: ExchangeFill = { number, orderNumber: order.number, account, symbol, side, ...slice, fees, isMaker, time };
    this.#fills.push(fill);
    order.filled = order.filled.plus(slice.quantity);
    order.cost = order.cost.plus(slice.quantity.times(slice.price));
    order.fees = addFees(order.fees, fees);
    order.fillNumbers = [...order.fillNumbers, number];
    this.#ledger.settle(fill, listed.base, listed.quote);
    const isDone = order.filled.eq(order.quantity);
    if (!isDone) this.#hold(order);
    this.#events.push({ kind: 'fill', fill, order: copyOf(order) });
    if (isDone) this.#end(order, 'filled', 'filled', time);
  }

  #end(order: LiveOrder, state: ExchangeOrder['state'], reason: NonNullable<ExchangeOrder['endReason']>, time: number): void {
    order.state = state;
    order.endReason = reason;
    order.endedAt = time;
    order.nextAt = never;
    this.#open.delete(order);
    this.#hold(order);
    this.#tell(order, 'ended');
  }

  #foresee(order: LiveOrder, from: number): void {
    const { path, book } = this.#market(order.symbol);
    if (isWaiting(order)) {
      order.nextAt = path.firstReach(from, order.side === 'sell' ? 'down' : 'up', Number(order.stopPrice));
    } else {
      const touch = book.touchPrice(order.side, order.limitPrice!);
      order.nextAt = path.firstReach(from, order.side === 'buy' ? 'down' : 'up', touch);
    }
  }

  #tell(order: LiveOrder, change: 'accepted' | 'triggered' | 'ended'): void {
    this.#events.push({ kind: 'order', change, order: copyOf(order) });
  }

  #market(symbol: string): LiveMarket {
    const market = this.#markets.get(symbol);
    if (market === undefined) throw refusal('unknown-symbol', `There is no market ${symbol}.`);
    return market;
  }
}

function isReached(side: Side, price: number, stopPrice: number): boolean {
  return side === 'sell' ? price <= stopPrice : price >= stopPrice;
}

/** A stop whose price has not come. */
function isWaiting(order: LiveOrder): boolean {
  return order.kind === 'stop' && order.triggeredAt === null;
}

/** By time, then by who came first. */
function earliest(orders: Iterable<LiveOrder>): LiveOrder | null {
  let first: LiveOrder | null = null;
  for (const order of orders) if (first === null || order.nextAt < first.nextAt) first = order;
  return first;
}

function soonest(deadlines: ReadonlyMap<string, number>): [string, number] {
  let first: [string, number] = ['', never];
  for (const [account, deadline] of deadlines) if (deadline < first[1]) first = [account, deadline];
  return first;
}

function sum<T>(items: readonly T[], amount: (item: T) => Big): Big {
  return items.reduce((total, item) => total.plus(amount(item)), zero);
}

function copyOf({ nextAt: _, held: __, ...order }: LiveOrder): ExchangeOrder {
  return order;
}
