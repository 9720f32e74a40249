import { Big } from 'big.js';
import type { Exchange } from '#engine/venues/rehearsal/exchange.ts';
import type { Balance } from '#engine/venues/venue.ts';
import { ExchangeRecord } from './exchange-record.ts';
import { ExposureWatch } from './exposure-watch.ts';
import { INVARIANTS } from './invariants/all.ts';
import type { Evidence, Sent } from './invariants/evidence.ts';
import { isOurs } from './invariants/evidence.ts';
import { JournalRecord } from './journal-record.ts';
import type { Tally } from './tally.ts';
import type { Trace } from './trace.ts';

const zero = new Big(0);

export interface Found {
  readonly invariant: string;
  readonly message: string;
}

export interface ObserverOptions {
  readonly exchange: Exchange;
  readonly account: string;
  readonly journalFile: string;
  readonly barMs: number;
  readonly trace: Trace;
  readonly tally: Tally;
  /** What the engine holds in its head now. */
  readonly memory: () => Evidence['memory'];
  readonly marks: ReadonlyMap<string, number>;
  readonly limits: () => { readonly limits: Evidence['limits']; readonly since: number };
  readonly problems: () => Evidence['problems'];
  /** Until when nobody could reach the venue or nobody was there to do so, by the world's clock. */
  readonly excusedUntil: () => number;
  /** Only this one is asked; undefined asks all. */
  readonly only?: string | undefined;
}

/** Looks at all sides after each event, and judges what it sees by the invariants. */
export class Observer {
  readonly #options: ObserverOptions;
  readonly #exchange: ExchangeRecord;
  readonly #journal: JournalRecord;
  readonly #exposures: ExposureWatch;
  /** By symbol: what a sale is of at the least, base and quote asset. */
  readonly #least: ReadonlyMap<string, { readonly quantity: number; readonly notional: number }>;
  readonly #sent = new Map<string, Sent[]>();
  #changedSent: Sent[] = [];
  /** The journal was written to, or the memory may have changed. */
  #isDue = true;
  #frozenBefore = 0;

  constructor(options: ObserverOptions) {
    this.#options = options;
    this.#least = new Map(
      options.exchange
        .markets()
        .map(({ symbol, minQuantity, minNotional, stepSize }) => [
          symbol,
          { quantity: Math.max(Number(minQuantity), Number(stepSize)), notional: Number(minNotional) },
        ]),
    );
    this.#exchange = new ExchangeRecord(options.exchange, options.account);
    this.#journal = new JournalRecord(options.journalFile);
    this.#exposures = new ExposureWatch(this.#exchange.orders, (id) => this.#journal.byClientId.get(id));
  }

  close(): void {
    this.#journal.close();
  }

  /** Something other than the exchange changed. */
  become(): void {
    this.#isDue = true;
  }

  /** An order is on its way out. @returns what its outcome is noted in */
  noteSending(request: Sent['request']): Sent {
    const sent: Sent = {
      request,
      at: this.#options.exchange.now(),
      wasJournalled: this.#journal.has(request.clientOrderId),
      held: request.side === 'sell' ? this.#journal.heldBy(request.clientOrderId) : null,
      outcome: null,
    };
    const all = this.#sent.get(request.clientOrderId) ?? [];
    all.push(sent);
    this.#sent.set(request.clientOrderId, all);
    this.#changedSent.push(sent);
    this.#isDue = true;
    return sent;
  }

  frozenSymbols(): string[] {
    return [...this.#journal.frozen.keys()];
  }

  /** Whether a sale has ended since then because there was nobody to buy. */
  foundNobody(symbol: string, since: number): boolean {
    return [...this.#exchange.orders.values()].some(
      (order) => order.symbol === symbol && order.endReason === 'no-depth' && order.side === 'sell' && order.endedAt! >= since,
    );
  }

  /** Base asset, by all strategies' books. */
  heldOf(symbol: string): Big {
    return [...this.#journal.books].reduce(
      (sum, [lane, { quantity }]) => (lane.endsWith(` ${symbol}`) ? sum.plus(quantity) : sum),
      zero,
    );
  }

  /** Every order the journal is known to have. */
  get journalOrders(): Evidence['journal']['orders'] {
    return this.#journal.orders;
  }

  isFrozen(symbol: string): boolean {
    return this.#journal.frozen.has(symbol);
  }

  /** @param isQuiet see {@link Evidence.isQuiet} @returns the first thing that must not be */
  look(isQuiet: boolean): Found | null {
    const { exchange, trace, tally, barMs, marks } = this.#options;
    const now = exchange.now();
    const there = this.#exchange.takeChanges();
    const isStill = !this.#isDue && there.orders.length === 0 && !isQuiet;
    const here = isStill ? { orders: [], intended: [], fills: [], writeOffs: [] } : this.#journal.takeChanges(now);
    this.#isDue = false;
    if (this.#journal.frozen.size > this.#frozenBefore) tally.count('frozen');
    this.#frozenBefore = this.#journal.frozen.size;
    for (const order of here.orders)
      trace.note(now, `journal ${order.role} ${order.clientOrderId} ${order.state} ${order.filled}`);
    for (const fill of there.fills) {
      trace.note(now, `fill ${fill.number}: ${fill.side} ${fill.quantity} ${fill.symbol} at ${fill.price}`);
      tally.count('fills');
    }
    for (const order of there.orders) {
      trace.note(
        now,
        `exchange ${order.number} ${order.clientOrderId}: ${order.side} ${order.kind} ${order.quantity} ${order.state}`,
      );
      if (isOurs(order.clientOrderId) && order.state === 'open' && order.filled.gt(0)) tally.count('partial fills');
      if (order.triggeredAt !== null && order.state !== 'open') tally.count('stops met');
    }
    if (here.writeOffs.length > 0) tally.count('written off', here.writeOffs.length);
    for (const order of here.intended) tally.count(`intended ${order.role}`);
    for (const order of here.orders) if (order.state === 'unknown') tally.count('orders unknown');
    const exposures = this.#exposures.update({
      now,
      orders: there.orders,
      fills: there.fills,
      writeOffs: here.writeOffs,
      isDust: (symbol, quantity) => quantity < this.dustOf(symbol),
      freeOf: (symbol) => this.#balanceOf(symbol)?.free ?? zero,
      missingOf: (symbol) => {
        const missing = this.#journal.expected(symbol.split('/')[0]!).minus(this.#balanceOf(symbol)?.total ?? zero);
        return missing.gt(0) ? missing : zero;
      },
      excusedUntil: this.#options.excusedUntil(),
    });
    const limits = this.#options.limits();
    const evidence: Evidence = {
      now,
      barMs,
      isQuiet,
      exchange: { orders: this.#exchange.orders, fills: this.#exchange.fills, books: () => exchange.books() },
      journal: this.#journal,
      memory: isStill ? { lanes: [], strategies: [], slots: [] } : this.#options.memory(),
      problems: this.#options.problems(),
      sent: this.#sent,
      changed: {
        exchangeOrders: there.orders,
        exchangeFills: there.fills,
        orders: here.orders,
        intended: here.intended,
        fills: here.fills,
        sent: this.#changedSent,
      },
      // Seldom asked for: this is looked at after every event.
      get prices() {
        return new Map(exchange.markets().map(({ symbol }) => [symbol, exchange.path(symbol).priceAt(now)]));
      },
      marks,
      dustOf: (symbol) => this.dustOf(symbol),
      exposures,
      limits: limits.limits,
      limitsSince: limits.since,
    };
    this.#changedSent = [];
    for (const [invariant, judge] of Object.entries(INVARIANTS)) {
      if (this.#options.only !== undefined && this.#options.only !== invariant) continue;
      const message = judge(evidence);
      if (message !== null) return { invariant, message };
    }
    return null;
  }

  #balanceOf(symbol: string): Balance | undefined {
    return this.#options.exchange.balances(this.#options.account).get(symbol.split('/')[0]!);
  }

  /** Base asset below which nothing can be sold: twice what the market asks, as the price may have been another. */
  dustOf(symbol: string): number {
    const { exchange } = this.#options;
    const { quantity, notional } = this.#least.get(symbol)!;
    return 2 * Math.max(quantity, notional / exchange.path(symbol).priceAt(exchange.now()));
  }
}
