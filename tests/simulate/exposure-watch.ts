import { Big } from 'big.js';
import type { NoteRow, OrderRow } from '#engine/store/journal/journal-rows.ts';
import type { ExchangeFill, ExchangeOrder } from '#engine/venues/rehearsal/exchange-types.ts';
import type { Exposure } from './invariants/evidence.ts';

const zero = new Big(0);

interface Lane {
  readonly strategy: string;
  readonly symbol: string;
  held: Big;
  readonly stops: Map<number, Big>;
  /** Since when what is held is not all covered; null while it is. */
  nakedSince: number | null;
  /** When a sale of it last ended because there was nobody to buy: what is past its stop can do no more than be offered. */
  nobodyBoughtAt: number;
}

/** Keeps, by strategy and symbol, what is held at the exchange and what of it a resting stop covers. */
export class ExposureWatch {
  readonly #lanes = new Map<string, Lane>();
  readonly #orders: ReadonlyMap<number, ExchangeOrder>;
  readonly #journalOf: (clientOrderId: string) => OrderRow | undefined;

  /** @param journalOf whose order it is: the exchange knows an account, not a strategy */
  constructor(orders: ReadonlyMap<number, ExchangeOrder>, journalOf: (clientOrderId: string) => OrderRow | undefined) {
    this.#orders = orders;
    this.#journalOf = journalOf;
  }

  /**
   * @param isDust whether nobody could sell so much
   * @param writeOffs what a person has accepted to be gone
   * @param freeOf what the account has of the symbol's base asset that no order holds: what somebody took away cannot be protected
   * @param missingOf what it lacks of it, by the journal: that too was taken away, from what was held, whatever else is in the account
   * @param excusedUntil until when nobody could do anything about it
   */
  update(options: {
    readonly now: number;
    readonly orders: readonly ExchangeOrder[];
    readonly fills: readonly ExchangeFill[];
    readonly writeOffs: readonly NoteRow[];
    readonly isDust: (symbol: string, quantity: Big) => boolean;
    readonly freeOf: (symbol: string) => Big;
    readonly missingOf: (symbol: string) => Big;
    readonly excusedUntil: number;
  }): Exposure[] {
    for (const fill of options.fills) this.#takeFill(fill);
    for (const order of options.orders) this.#takeOrder(order);
    for (const { strategy, symbol, quantity } of options.writeOffs) {
      const lane = this.#laneAt(strategy, symbol);
      lane.held = lane.held.minus(quantity);
    }
    const exposures: Exposure[] = [];
    for (const lane of this.#lanes.values()) {
      const { strategy, symbol } = lane;
      const covered = [...lane.stops.values()].reduce((sum, quantity) => sum.plus(quantity), zero);
      const bare = lane.held.minus(covered);
      const there = bare.gt(0) ? bare.minus(options.missingOf(symbol)) : zero;
      const free = bare.gt(0) ? options.freeOf(symbol) : zero;
      const naked = there.lt(free) ? there : free;
      if (naked.lte(0) || options.isDust(symbol, naked)) {
        lane.nakedSince = null;
        continue;
      }
      lane.nakedSince ??= options.now;
      const excusedUntil = Math.max(options.excusedUntil, lane.nobodyBoughtAt);
      exposures.push({ strategy, symbol, naked, since: lane.nakedSince, excusedUntil });
    }
    return exposures;
  }

  #takeFill(fill: ExchangeFill): void {
    const lane = this.#laneOf(this.#orders.get(fill.orderNumber)!);
    if (lane === null) return;
    const base = fill.symbol.split('/')[0];
    const moved = fill.side === 'buy' ? fill.quantity : fill.quantity.times(-1);
    const paid = fill.fees.reduce((sum, { asset, amount }) => (asset === base ? sum.plus(amount) : sum), zero);
    lane.held = lane.held.plus(moved).minus(paid);
  }

  #takeOrder(order: ExchangeOrder): void {
    const lane = order.side === 'sell' ? this.#laneOf(order) : null;
    if (lane === null) return;
    if (order.endReason === 'no-depth') lane.nobodyBoughtAt = order.endedAt ?? 0;
    if (order.kind !== 'stop') return;
    if (order.state === 'open') lane.stops.set(order.number, order.quantity.minus(order.filled));
    else lane.stops.delete(order.number);
  }

  #laneOf({ clientOrderId, symbol }: ExchangeOrder): Lane | null {
    const row = clientOrderId === null ? undefined : this.#journalOf(clientOrderId);
    return row === undefined ? null : this.#laneAt(row.strategy, symbol);
  }

  #laneAt(strategy: string, symbol: string): Lane {
    const name = `${strategy} ${symbol}`;
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = { strategy, symbol, held: zero, stops: new Map(), nakedSince: null, nobodyBoughtAt: 0 };
      this.#lanes.set(name, lane);
    }
    return lane;
  }
}
