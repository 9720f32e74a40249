import type { VenueFill, VenueOrder } from '#engine/venues/venue.ts';
import { answered } from './call.ts';
import { isOurs } from './client-order-id.ts';
import type { FillBook } from './fill-book.ts';
import type { Lane } from './lane.ts';
import { isResting } from './next-action.ts';
import { isPossible, isPresumedDead } from './order-state.ts';
import type { TraderParts } from './trader-parts.ts';

export interface SweepSurroundings {
  /** Everything that is traded here, or ever was. */
  symbols(): readonly string[];
  /** The lane has orders to ask for. */
  askSoon(lane: Lane): void;
}

/** What the venue had on its lists. */
export interface Swept {
  /** By our clock, when it began. */
  readonly askedAt: number;
  /** No fill is left of which it is not known yet whose it is. */
  readonly isComplete: boolean;
  /** Orders of ours that are open at the venue. */
  readonly ownOpen: number;
  readonly open: readonly VenueOrder[];
}

/**
 * Goes through the venue's lists of open orders and fills. What they say otherwise than the journal of an order of ours is asked for; one
 * that was given up lives again; what is nobody's here freezes its symbol.
 */
export class AccountSweep {
  readonly #parts: TraderParts;
  readonly #around: SweepSurroundings;
  readonly #fills: FillBook;

  constructor(parts: TraderParts, around: SweepSurroundings, fills: FillBook) {
    this.#parts = parts;
    this.#around = around;
    this.#fills = fills;
  }

  /** @throws VenueError */
  async run(): Promise<Swept> {
    const { venue, clock, timings } = this.#parts;
    const askedAt = clock.now();
    const symbols = this.#around.symbols();
    const open = await answered(clock, timings.callTimeoutMs, 'openOrders', () => venue.openOrders(symbols));
    const strangers = await this.#fills.fetch(symbols);
    for (const order of open) this.#meetOpen(order);
    this.#missFrom(open, askedAt);
    const isComplete = await this.#explain(strangers);
    return { askedAt, isComplete, ownOpen: open.filter(({ clientOrderId }) => isOurs(clientOrderId)).length, open };
  }

  #meetOpen(order: VenueOrder): void {
    const { ledger, clock, freeze } = this.#parts;
    for (const { lane, order: live } of ledger.live()) {
      const { clientOrderId, venueOrderId, state } = live.row;
      if (clientOrderId !== order.clientOrderId && venueOrderId !== order.venueOrderId) continue;
      if (!isResting(state) || order.filled.gt(live.row.filled)) this.#around.askSoon(lane);
      return;
    }
    const row = order.clientOrderId === null ? null : ledger.journal.orderByClientId(order.clientOrderId);
    if (row === null) {
      const { symbol, side, quantity, venueOrderId, clientOrderId } = order;
      const whose = isOurs(clientOrderId) ? `has our kind of id, ${clientOrderId}, and` : 'was not made here:';
      const message = `The order ${venueOrderId} to ${side} ${quantity} ${whose} the journal does not know it.`;
      freeze({ symbol, code: 'foreign-order', subject: venueOrderId, message });
      return;
    }
    // An order that ended while the list was made is no news.
    if (isPresumedDead(row)) this.#revive(order, clock.now());
  }

  /** An order of ours that was given up is there after all. What bears its name and cannot be it is a stranger's. */
  #revive(order: VenueOrder, now: number): boolean {
    const { ledger, log, freeze } = this.#parts;
    const row = order.clientOrderId === null ? null : ledger.journal.orderByClientId(order.clientOrderId);
    if (row === null) return false;
    const { venueOrderId, state, filled, symbol, side } = order;
    const event = { kind: 'seen', venueOrderId, state, filled: filled.toFixed() } as const;
    if (symbol !== row.symbol || side !== row.side || !isPossible(row, event)) {
      const said = `to ${side} ${symbol}, ${state} with ${filled} filled`;
      const message = `The order ${venueOrderId} (${said}) has the id of ours, ${row.clientOrderId}, and cannot be it.`;
      freeze({ symbol: row.symbol, code: 'foreign-order', subject: venueOrderId, message });
      return false;
    }
    ledger.revive(row, event, now);
    log.warn({ symbol: row.symbol, order: row.clientOrderId }, 'An order that was given up is at the venue.');
    const lane = ledger.lane(row.strategy, row.symbol);
    if (row.role === 'entry' && lane.memory.wish === null) {
      ledger.remember(lane, { wish: { kind: 'withdraw', instant: lane.memory.decided } });
      ledger.commit();
    }
    this.#around.askSoon(lane);
    return true;
  }

  /** What rests by the journal and is not in the list has ended, or was made after it was asked for. */
  #missFrom(open: readonly VenueOrder[], askedAt: number): void {
    const names = new Set(open.map(({ venueOrderId }) => venueOrderId));
    for (const { lane, order } of this.#parts.ledger.live()) {
      const { state, venueOrderId, createdAt } = order.row;
      if (isResting(state) && venueOrderId !== null && !names.has(venueOrderId) && createdAt < askedAt)
        this.#around.askSoon(lane);
    }
  }

  /** Fills of orders that are not known by the venue's name. @returns whether nothing is left open about them */
  async #explain(strangers: readonly VenueFill[]): Promise<boolean> {
    const { venue, clock, timings, freezes, freeze } = this.#parts;
    let isComplete = true;
    let isRevived = false;
    for (const { id, symbol, side, quantity, price, venueOrderId, time } of strangers) {
      if (freezes.isKnown({ symbol, code: 'foreign-fill', subject: id })) continue;
      if (this.#hasNameless(symbol)) {
        isComplete = false;
        continue;
      }
      const name = { clientOrderId: '', venueOrderId, symbol, sentAt: time };
      const order = await answered(clock, timings.callTimeoutMs, 'find', () => venue.find(name));
      if (order !== null && this.#revive(order, clock.now())) {
        isRevived = true;
        continue;
      }
      const message = `The fill ${id} (${side} ${quantity} at ${price}) is of an order, ${venueOrderId}, that was not made here.`;
      freeze({ symbol, code: 'foreign-fill', subject: id, message });
    }
    if (isRevived) await this.#fills.fetch(this.#around.symbols());
    return isComplete;
  }

  /** An order of ours whose name at the venue is not known yet: a fill may be its. */
  #hasNameless(symbol: string): boolean {
    for (const { order } of this.#parts.ledger.live()) {
      if (order.row.symbol === symbol && order.row.venueOrderId === null) return true;
    }
    return false;
  }
}
