import type Big from 'big.js';
import type { FilledOrder, JournalFill, NoteRow, OrderRow } from '#engine/store/journal/journal-rows.ts';
import type { FoldedOrder, NewOrder, OrderJournal } from '#engine/store/journal/order-journal.ts';
import type { VenueFill } from '#engine/venues/venue.ts';
import { least, ZERO } from './decimals.ts';
import { type Lane, LaneMemory, type LiveOrder, memoryText, NEW_MEMORY } from './lane.ts';
import { afterEvent, isNews, isWrittenOff, type OrderEvent, UNBORN } from './order-state.ts';
import { afterDust, afterFill, afterWriteOff, type ClosedPosition, FLAT, pairOf, type WriteOff } from './position.ts';
import { termsOf } from './terms.ts';

/** A price that was divided has no end of digits. */
const PRICE_DECIMALS = 12;

/** What an asset is worth in another, where something tells; else null. */
export type PriceOf = (asset: string, quote: string) => Big | null;

/** A fill as whoever trades in the lane is told of it. */
export interface LaneFill {
  readonly fill: JournalFill;
  readonly order: FilledOrder;
}

/** Told of everything in the order in which the journal has it, at loading too. */
export interface LedgerListener {
  filled(lane: Lane, fill: LaneFill): void;
  /** @param note the journal's number of the note that ended it; null when a fill did */
  closed(lane: Lane, closed: ClosedPosition, note: number | null): void;
}

/**
 * The journal in memory: lanes, live orders, what fills have made of the balances. Everything is written to the journal first, and only
 * what was written is remembered, so that reading the journal anew gives the same.
 */
export class Ledger {
  readonly journal: OrderJournal;
  readonly #lanes = new Map<string, Lane>();
  /** What all fills and write-offs together have done to each asset. */
  readonly #flows = new Map<string, Big>();
  /** When the fills that moved each asset were recorded. */
  readonly #movedAt = new Map<string, number[]>();
  readonly #unwritten = new Set<Lane>();
  #fillsEver = 0;
  readonly #listener: LedgerListener;

  private constructor(journal: OrderJournal, listener: LedgerListener) {
    this.journal = journal;
    this.#listener = listener;
  }

  /** Folds what the journal has. Everything that was on its way is due to be asked for. */
  static load(journal: OrderJournal, listener: LedgerListener): Ledger {
    const ledger = new Ledger(journal, listener);
    for (const { strategy, symbol, state } of journal.lanes()) {
      ledger.lane(strategy, symbol).memory = LaneMemory.parse(JSON.parse(state));
    }
    const notes = new Map<number, NoteRow[]>();
    for (const note of journal.notes()) notes.set(note.afterFill, [...(notes.get(note.afterFill) ?? []), note]);
    for (const told of journal.filled()) {
      const lane = ledger.lane(told.order.strategy, told.order.symbol);
      ledger.#fold(lane, told);
      for (const note of notes.get(told.fill.id) ?? []) ledger.#foldNote(lane, told, note);
    }
    for (const row of journal.liveOrders()) ledger.#enlive(row, 0);
    return ledger;
  }

  get lanes(): Iterable<Lane> {
    return this.#lanes.values();
  }

  /** The lane, empty where there never was one. */
  lane(strategy: string, symbol: string): Lane {
    const key = `${strategy}\n${symbol}`;
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = {
        strategy,
        symbol,
        memory: NEW_MEMORY,
        position: FLAT,
        lastFill: null,
        writtenOff: ZERO,
        forcedTold: 0,
        orders: new Map(),
      };
      this.#lanes.set(key, lane);
    }
    return lane;
  }

  lanesOf(symbol: string): Lane[] {
    return [...this.#lanes.values()].filter((lane) => lane.symbol === symbol);
  }

  /** All orders that are not final. */
  *live(): Generator<{ readonly lane: Lane; readonly order: LiveOrder }> {
    for (const lane of this.#lanes.values()) for (const order of lane.orders.values()) yield { lane, order };
  }

  /** What the journal's fills, and what was written off, have made of an asset, all strategies together; below zero for what went out. */
  flow(asset: string): Big {
    return this.#flows.get(asset) ?? ZERO;
  }

  /** Every asset that a fill or a fee has moved. */
  get movedAssets(): Iterable<string> {
    return this.#flows.keys();
  }

  /** How many fills that moved an asset were recorded after `at`. */
  fillsSince(asset: string, at: number): number {
    return this.#movedAt.get(asset)?.filter((recordedAt) => recordedAt > at).length ?? 0;
  }

  get fillsEver(): number {
    return this.#fillsEver;
  }

  // ── changes: journal first ───────────────────────────────────────────────────────────────────────────────────────────

  /** On disk when this returns; then it may be sent. */
  intend(lane: Lane, draft: NewOrder): LiveOrder {
    const event: OrderEvent = { kind: 'intended' };
    const folded = afterEvent(UNBORN, event, draft.quantity);
    const id = this.journal.addOrder(draft, folded, JSON.stringify(event));
    const row = { id, account: this.journal.account, ...draft, ...folded };
    return this.#enlive(row, Number.POSITIVE_INFINITY, lane);
  }

  /** Notes what became of an order. What is known already changes nothing. */
  note(lane: Lane, order: LiveOrder, event: OrderEvent, now: number): void {
    if (!isNews(order.row, event)) return;
    this.#write(order.row, event, now, (row) => {
      order.row = row;
    });
    if (order.row.isFinal) lane.orders.delete(order.row.id);
  }

  /** An order that was given up as never arrived, and is there after all. */
  revive(row: OrderRow, event: OrderEvent, now: number): void {
    if (!isNews(row, event)) return;
    this.#write(row, event, now, (after) => {
      if (!after.isFinal) this.#enlive(after, now);
    });
  }

  /** Records a fill of one of our orders; one that is recorded already changes nothing. @returns whether it was new */
  recordFill(row: OrderRow, fill: VenueFill, now: number, priceOf: PriceOf): boolean {
    const { symbol, side, quantity, price, isMaker, time } = fill;
    const { quote } = pairOf(symbol);
    const fees = fill.fees.map(({ asset, amount }) => ({
      asset,
      amount,
      quoteValue: this.#worth(asset, amount, quote, priceOf),
    }));
    const recorded = { symbol, side, quantity, price, isMaker, time, fees, fillId: fill.id, orderId: row.id, recordedAt: now };
    const event: OrderEvent = { kind: 'fill', fillId: fill.id, quantity: quantity.toFixed() };
    const id = this.journal.transaction(() => {
      const fillId = this.journal.addFill(recorded);
      if (fillId !== null)
        this.journal.addEvent(row.id, now, JSON.stringify(event), foldedOf(afterEvent(row, event, row.quantity)));
      return fillId;
    });
    if (id === null) return false;
    const after = { ...row, ...afterEvent(row, event, row.quantity) };
    const lane = this.lane(row.strategy, row.symbol);
    if (side === 'sell' && isWrittenOff(row)) this.#takeBack(lane, fill, now);
    const live = lane.orders.get(row.id);
    if (live !== undefined) {
      live.row = after;
      if (after.isFinal) lane.orders.delete(row.id);
    }
    this.#fold(lane, { fill: { ...recorded, id }, order: after });
    return true;
  }

  /**
   * The sale of an order that was given up has come after all: what was written off for it is not gone twice. What it took and what it
   * brought, fees included, are in the balances that were accepted then.
   */
  #takeBack(lane: Lane, { symbol, quantity, price, fees }: VenueFill, at: number): void {
    const { base, quote } = pairOf(symbol);
    const paidIn = (asset: string) => fees.reduce((sum, fee) => (fee.asset === asset ? sum.plus(fee.amount) : sum), ZERO);
    const taken = quantity.plus(paidIn(base));
    const worth = quantity.times(price).minus(paidIn(quote)).div(taken).round(PRICE_DECIMALS);
    const back = least(taken, lane.writtenOff);
    if (back.gt(0)) this.writeOff(lane, { quantity: back.times(-1), price: worth, at, reason: 'its sale came after all' });
  }

  /** What the lane has left is too small to sell: the position is over. */
  noteDust(lane: Lane, now: number): void {
    const last = lane.lastFill;
    if (last === null) return;
    const { strategy, symbol } = lane;
    const { quantity } = lane.position;
    const note = {
      kind: 'dust',
      strategy,
      symbol,
      afterFill: last.fill.id,
      quantity,
      at: now,
      price: null,
      reason: null,
    } as const;
    this.#foldNote(lane, last, { ...note, id: this.journal.addNote(note) });
  }

  /** What a person has accepted as gone from the account, at most what the lane holds; below zero for what was not gone. */
  writeOff(lane: Lane, writeOff: WriteOff): void {
    const last = lane.lastFill;
    if (last === null) return;
    const { strategy, symbol } = lane;
    const note = { kind: 'written-off', strategy, symbol, afterFill: last.fill.id, ...writeOff } as const;
    this.#foldNote(lane, last, { ...note, id: this.journal.addNote(note) });
  }

  /** Remembered at once, and written with the next `commit`. */
  remember(lane: Lane, change: Partial<LaneMemory>): void {
    lane.memory = { ...lane.memory, ...change };
    this.#unwritten.add(lane);
  }

  /** Does `work` and writes what was remembered: all of it is on disk when this returns. */
  commit(work: () => void = () => undefined): void {
    this.journal.transaction(() => {
      work();
      for (const lane of this.#unwritten) this.journal.saveLane(lane.strategy, lane.symbol, memoryText(lane.memory));
    });
    this.#unwritten.clear();
  }

  get hasUnwritten(): boolean {
    return this.#unwritten.size > 0;
  }

  // ── folding ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  #write(row: OrderRow, event: OrderEvent, now: number, then: (row: OrderRow) => void): void {
    const folded = foldedOf(afterEvent(row, event, row.quantity));
    this.journal.addEvent(row.id, now, JSON.stringify(event), folded);
    then({ ...row, ...folded });
  }

  #enlive(row: OrderRow, askAt: number, lane = this.lane(row.strategy, row.symbol)): LiveOrder {
    const order: LiveOrder = {
      row,
      terms: termsOf(row),
      askAt,
      asks: 0,
      missing: null,
      lacks: 0,
      isCancelAsked: false,
      refusal: null,
    };
    lane.orders.set(row.id, order);
    return order;
  }

  #fold(lane: Lane, told: LaneFill): void {
    const { position, closed } = afterFill(lane.position, told.fill, told.order);
    lane.position = position;
    lane.lastFill = told;
    this.#fillsEver += 1;
    this.#flow(told.fill);
    this.#listener.filled(lane, told);
    if (closed !== null) this.#listener.closed(lane, closed, null);
  }

  #foldNote(lane: Lane, { fill, order }: LaneFill, note: NoteRow): void {
    if (note.kind === 'dust') {
      const { position, closed } = afterDust(lane.position, fill, order);
      lane.position = position;
      if (closed !== null) this.#listener.closed(lane, closed, note.id);
      return;
    }
    const { position, closed, value } = afterWriteOff(lane.position, note, fill.id);
    lane.position = position;
    lane.writtenOff = lane.writtenOff.plus(note.quantity);
    const { base, quote } = pairOf(lane.symbol);
    this.#add(base, note.quantity.times(-1));
    this.#add(quote, value);
    if (closed !== null) this.#listener.closed(lane, closed, note.id);
  }

  #flow({ symbol, side, quantity, price, fees, recordedAt }: JournalFill): void {
    const { base, quote } = pairOf(symbol);
    for (const asset of new Set([base, quote, ...fees.map((fee) => fee.asset)])) this.#noteMove(asset, recordedAt);
    const sign = side === 'buy' ? 1 : -1;
    this.#add(base, quantity.times(sign));
    this.#add(quote, quantity.times(price).times(-sign));
    for (const { asset, amount } of fees) this.#add(asset, amount.times(-1));
  }

  #noteMove(asset: string, recordedAt: number): void {
    const moves = this.#movedAt.get(asset);
    if (moves === undefined) this.#movedAt.set(asset, [recordedAt]);
    else moves.push(recordedAt);
  }

  #add(asset: string, amount: Big): void {
    this.#flows.set(asset, this.flow(asset).plus(amount));
  }

  #worth(asset: string, amount: Big, quote: string, priceOf: PriceOf): Big | null {
    if (asset === quote) return amount;
    const price = priceOf(asset, quote);
    return price === null ? null : amount.times(price);
  }
}

/** The part of a row that events make. */
function foldedOf({ state, venueOrderId, filled, saidFilled, refusal, isFinal }: FoldedOrder): FoldedOrder {
  return { state, venueOrderId, filled, saidFilled, refusal, isFinal };
}
