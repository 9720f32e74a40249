import { Big } from 'big.js';
import type { NoteRow, OrderRow } from '#engine/store/journal/journal-rows.ts';
import { DEFAULT_TIMINGS } from '#engine/trading/trader-parts.ts';
import type { ExchangeFill, ExchangeOrder } from '#engine/venues/rehearsal/exchange-types.ts';
import type { Exposure } from './invariants/evidence.ts';

const zero = new Big(0);

interface Lane {
  readonly strategy: string;
  readonly symbol: string;
  held: Big;
  readonly stops: Map<number, Big>;
  /** What is held and no stop covers, as far as it was worked out since either changed. */
  bare: { readonly exactly: Big; readonly about: number } | null;
  /** Since when what is held is not all covered; null while it is. */
  nakedSince: number | null;
  /** When a sale of it last ended because there was nobody to buy: what is past its stop can do no more than be offered. */
  nobodyBoughtAt: number;
  /** Somebody took away what is held and not covered; and when somebody has paid in as much since: only the next comparison sees that. */
  isMissing: boolean;
  cameBackAt: number;
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
    readonly isDust: (symbol: string, quantity: number) => boolean;
    readonly freeOf: (symbol: string) => Big;
    readonly missingOf: (symbol: string) => Big;
    readonly excusedUntil: number;
  }): Exposure[] {
    for (const fill of options.fills) this.#takeFill(fill);
    for (const order of options.orders) this.#takeOrder(order);
    for (const { strategy, symbol, quantity } of options.writeOffs) {
      const lane = this.#laneAt(strategy, symbol);
      lane.held = lane.held.minus(quantity);
      lane.bare = null;
    }
    const exposures: Exposure[] = [];
    for (const lane of this.#lanes.values()) {
      const { strategy, symbol } = lane;
      lane.bare ??= bareOf(lane);
      // No more is naked than is bare, and nearly always that is nothing one could sell.
      if (lane.bare.about <= 0 || options.isDust(symbol, lane.bare.about)) {
        lane.nakedSince = null;
        lane.isMissing = false;
        continue;
      }
      const missing = options.missingOf(symbol);
      const there = lane.bare.exactly.minus(missing);
      const free = options.freeOf(symbol);
      const naked = there.lt(free) ? there : free;
      if (naked.lte(0) || options.isDust(symbol, Number(naked))) {
        lane.nakedSince = null;
        lane.isMissing = missing.gt(0);
        continue;
      }
      lane.nakedSince ??= options.now;
      if (lane.isMissing) lane.cameBackAt = options.now;
      lane.isMissing = false;
      const excusedUntil = Math.max(options.excusedUntil, lane.nobodyBoughtAt, lane.cameBackAt + DEFAULT_TIMINGS.reconcileMs);
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
    lane.bare = null;
  }

  #takeOrder(order: ExchangeOrder): void {
    const lane = order.side === 'sell' ? this.#laneOf(order) : null;
    if (lane === null) return;
    if (order.endReason === 'no-depth') lane.nobodyBoughtAt = order.endedAt ?? 0;
    if (order.kind !== 'stop') return;
    lane.bare = null;
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
      lane = {
        ...{ strategy, symbol, held: zero, stops: new Map(), bare: null, nakedSince: null, nobodyBoughtAt: 0 },
        ...{ isMissing: false, cameBackAt: Number.NEGATIVE_INFINITY },
      };
      this.#lanes.set(name, lane);
    }
    return lane;
  }
}

function bareOf({ held, stops }: Lane): Lane['bare'] & object {
  const exactly = [...stops.values()].reduce((left, quantity) => left.minus(quantity), held);
  return { exactly, about: Number(exactly) };
}
