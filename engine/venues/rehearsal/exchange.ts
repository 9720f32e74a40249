import { Big } from 'big.js';
import type { CandleColumns } from '#engine/candles/types.ts';
import type { Clock } from '#engine/clock.ts';
import type { Balance, Quote } from '../venue.ts';
import { refusal } from './accept-order.ts';
import { Audit } from './audit.ts';
import type {
  BookLine,
  BookShape,
  ExchangeEvent,
  ExchangeFill,
  ExchangeOptions,
  ExchangeOrder,
  LedgerEntry,
  ListedMarket,
  NewOrder,
} from './exchange-types.ts';
import { Ledger } from './ledger.ts';
import { copyOf, type LiveMarket, Matching, sum } from './matching.ts';
import { OrderBook, type Slice } from './order-book.ts';
import { PricePath } from './price-path.ts';

const never = Number.POSITIVE_INFINITY;
/** Machines' timers take no longer waits. */
const longestWaitMs = 86_400_000;

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
  readonly #markets = new Map<string, LiveMarket>();
  readonly #ledger = new Ledger();
  readonly #audit = new Audit();
  readonly #matching: Matching;
  readonly #deadlines = new Map<string, number>();
  readonly #listeners = new Set<(event: ExchangeEvent) => void>();
  #events: ExchangeEvent[] = [];
  #isBusy = false;
  #isClosed = false;
  #cancelTimer: (() => void) | null = null;
  #timerAt = never;

  constructor(clock: Clock, options: ExchangeOptions) {
    this.#clock = clock;
    for (const market of options.markets) {
      const path = new PricePath(market.candles, market.barMs);
      this.#markets.set(market.symbol, { listed: market, path, book: new OrderBook(market) });
    }
    for (const [account, amounts] of Object.entries(options.balances)) {
      this.#ledger.open(account);
      for (const [asset, amount] of Object.entries(amounts)) this.#ledger.deposit(account, asset, new Big(amount), clock.now());
    }
    this.#matching = new Matching({
      markets: this.#markets,
      ledger: this.#ledger,
      fees: options.fees ?? 'quote',
      refusesReachedStops: options.refusesReachedStops ?? false,
      tell: (event) => this.#events.push(event),
    });
  }

  now(): number {
    return this.#clock.now();
  }

  markets(): ListedMarket[] {
    return [...this.#markets.values()].map((market) => market.listed);
  }

  /** The price of every moment, for candles and tickers. @throws VenueError */
  path(symbol: string): PricePath {
    return this.#matching.market(symbol).path;
  }

  /** Bars that follow those the market has. */
  extend(symbol: string, candles: CandleColumns): void {
    this.#run(() => {
      this.#matching.market(symbol).path.extend(candles);
      this.#matching.foreseeAgain(symbol, this.now());
    });
  }

  /** Whether orders are taken; cancelling always works. */
  setActive(symbol: string, isActive: boolean): void {
    const market = this.#matching.market(symbol);
    market.listed = { ...market.listed, isActive };
  }

  /** Makes the book thinner or thicker from now on: orders are filled in parts, or not at all, where little rests. */
  reshape(symbol: string, changes: Partial<BookShape>): void {
    this.#run(() => {
      this.#matching.market(symbol).book.reshape(changes);
      this.#matching.foreseeAgain(symbol, this.now());
    });
  }

  /** Best prices now. @throws VenueError */
  quote(symbol: string): Quote {
    const { path, book } = this.#matching.market(symbol);
    const now = this.now();
    const price = path.priceAt(now);
    return { bid: book.bid(price), ask: book.ask(price), last: book.onTick(price), time: Math.min(now, path.end) };
  }

  /** Both sides of the book now, best first. @throws VenueError */
  depth(symbol: string): { bids: Slice[]; asks: Slice[] } {
    const { path, book } = this.#matching.market(symbol);
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
    return this.#run(() => copyOf(this.#matching.place(account, request, this.now())));
  }

  /** @throws VenueError refused, `no-such-order` or `ended` */
  cancel(account: string, number: number): ExchangeOrder {
    return this.#run(() => {
      const order = this.#matching.orders[number - 1];
      if (order === undefined || order.account !== account) throw refusal('no-such-order', `There is no order ${number}.`);
      if (order.state !== 'open') throw refusal('ended', `Order ${number} has ended: ${order.state}.`);
      this.#matching.end(order, 'cancelled', 'asked', this.now());
      return copyOf(order);
    });
  }

  /** Cancels all; how many there were. */
  cancelAll(account: string, symbols?: readonly string[]): number {
    return this.#run(() => {
      const all = [...this.#matching.open].filter(
        (order) => order.account === account && (symbols?.includes(order.symbol) ?? true),
      );
      for (const order of all) this.#matching.end(order, 'cancelled', 'asked', this.now());
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
      const order = this.#matching.orders[number - 1];
      return order === undefined || order.account !== account ? null : copyOf(order);
    });
  }

  /** The newest order under a client order id, which only an open order keeps others from taking. */
  orderByClientId(account: string, clientOrderId: string): ExchangeOrder | null {
    return this.#run(() => {
      const order = this.#matching.orders.findLast((each) => each.account === account && each.clientOrderId === clientOrderId);
      return order === undefined ? null : copyOf(order);
    });
  }

  openOrders(account: string): ExchangeOrder[] {
    return this.#run(() => [...this.#matching.open].filter((order) => order.account === account).map(copyOf));
  }

  /** Every order ever, oldest first. */
  orders(account: string): ExchangeOrder[] {
    return this.#run(() => this.#matching.orders.filter((order) => order.account === account).map(copyOf));
  }

  /** Every fill ever, oldest first. */
  fills(account: string): ExchangeFill[] {
    return this.#run(() => this.#matching.fills.filter((fill) => fill.account === account));
  }

  /** Every movement of every balance. */
  get ledger(): readonly LedgerEntry[] {
    return this.#run(() => this.#ledger.entries);
  }

  /** All balances twice; see {@link BookLine}. Money is conserved when every `difference` is zero. */
  books(): BookLine[] {
    return this.#run(() => {
      this.#audit.read(this.#ledger.entries, this.#matching.fills, (symbol) => this.#matching.market(symbol).listed);
      const lines: BookLine[] = [];
      for (const account of this.#ledger.accounts) {
        for (const [asset, { total, free }] of this.#ledger.balances(account)) {
          const line = this.#audit.line(account, asset);
          const holding = [...this.#matching.open].filter((order) => order.account === account && order.held.asset === asset);
          lines.push({
            account,
            asset,
            ...line,
            balance: total,
            difference: total.minus(line.deposited.plus(line.traded).minus(line.fees)),
            held: total.minus(free),
            heldByOrders: sum(holding, (order) => this.#matching.reservation(order).amount),
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

  /** No more timers and nobody told. What it knows can still be asked for. */
  close(): void {
    this.#isClosed = true;
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
      const order = this.#matching.next;
      const [account, deadline] = soonest(this.#deadlines);
      if (Math.min(order?.nextAt ?? never, deadline) > now) return;
      if (order !== null && order.nextAt <= deadline) this.#matching.reach(order, order.nextAt);
      else {
        this.#deadlines.delete(account);
        for (const each of this.#matching.open)
          if (each.account === account) this.#matching.end(each, 'cancelled', 'dead-man-switch', deadline);
      }
    }
  }

  #setTimer(): void {
    const next = Math.min(this.#matching.next?.nextAt ?? never, soonest(this.#deadlines)[1]);
    if (this.#isClosed || next === this.#timerAt) return;
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
}

function soonest(deadlines: ReadonlyMap<string, number>): [string, number] {
  let first: [string, number] = ['', never];
  for (const [account, deadline] of deadlines) if (deadline < first[1]) first = [account, deadline];
  return first;
}
