import type { Exchange } from '#engine/venues/rehearsal/exchange.ts';
import type { ExchangeFill, ExchangeOrder } from '#engine/venues/rehearsal/exchange-types.ts';

/** The exchange's own books of one account, kept up from what it tells, so that looking at them after every event costs little. */
export class ExchangeRecord {
  /** By the exchange's number. */
  readonly orders = new Map<number, ExchangeOrder>();
  /** By the exchange's number. */
  readonly fills = new Map<number, ExchangeFill>();
  #changedOrders = new Set<number>();
  #changedFills: ExchangeFill[] = [];

  constructor(exchange: Exchange, account: string) {
    exchange.on((event) => {
      if (event.order.account !== account) return;
      this.orders.set(event.order.number, event.order);
      this.#changedOrders.add(event.order.number);
      if (event.kind !== 'fill') return;
      this.fills.set(event.fill.number, event.fill);
      this.#changedFills.push(event.fill);
    });
  }

  /** What changed since it was last asked. */
  takeChanges(): { orders: ExchangeOrder[]; fills: ExchangeFill[] } {
    const orders = [...this.#changedOrders].map((number) => this.orders.get(number)!);
    const fills = this.#changedFills;
    this.#changedOrders = new Set();
    this.#changedFills = [];
    return { orders, fills };
  }
}
