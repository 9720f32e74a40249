import Database from 'better-sqlite3';
import { FeeRow, FillRow, type JournalFill, NoteRow, OrderRow } from '#engine/store/journal/journal-rows.ts';
import { booksAfter, booksWithout, type LaneBooks } from './lane-books.ts';

/** The journal as it is on disk, read by a connection of its own: what another program, or the next life, would see. */
export class JournalRecord {
  readonly orders = new Map<number, OrderRow>();
  /** By the order's own id. */
  readonly byClientId = new Map<string, OrderRow>();
  /** By symbol and the venue's id. */
  readonly fills = new Map<string, JournalFill>();
  /** By strategy and symbol. */
  readonly books = new Map<string, LaneBooks>();
  /** Symbols in which nothing may be opened until a person has looked, and since when they were seen to be so, by the world's clock. */
  readonly frozen = new Map<string, number>();
  readonly #database: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();
  #eventsRead = 0;
  #fillsRead = 0;
  #notesRead = 0;

  constructor(file: string) {
    this.#database = new Database(file, { readonly: true });
  }

  close(): void {
    this.#database.close();
  }

  /** Whether an order of this id is on disk, now. */
  has(clientOrderId: string): boolean {
    return this.#prepared('SELECT 1 FROM venueOrders WHERE clientOrderId = ?').get(clientOrderId) !== undefined;
  }

  /** An order's history, oldest first: JSON texts. */
  historyOf = (orderId: number): string[] => {
    const rows = this.#prepared('SELECT event FROM orderEvents WHERE orderId = ? ORDER BY id').all(orderId);
    return (rows as { event: string }[]).map(({ event }) => event);
  };

  /** Reads what was written since it last did. @param now of the world @returns that; `intended` are the new ones of `orders` */
  takeChanges(now: number): { orders: OrderRow[]; intended: OrderRow[]; fills: JournalFill[] } {
    const changed = this.#prepared(
      'SELECT * FROM venueOrders WHERE id IN (SELECT orderId FROM orderEvents WHERE id > ?) ORDER BY id',
    )
      .all(this.#eventsRead)
      .map((row) => OrderRow.parse(row));
    const intended = changed.filter(({ id }) => !this.orders.has(id));
    for (const order of changed) {
      this.orders.set(order.id, order);
      this.byClientId.set(order.clientOrderId, order);
    }
    const last = this.#prepared('SELECT max(id) AS id FROM orderEvents').get() as { id: number | null };
    this.#eventsRead = last.id ?? 0;

    const rows = this.#prepared(
      'SELECT id, symbol, fillId, orderId, side, quantity, price, isMaker, time, recordedAt FROM venueFills WHERE id > ? ORDER BY id',
    )
      .all(this.#fillsRead)
      .map((row) => FillRow.parse(row));
    const fees = this.#prepared('SELECT fill, asset, amount, quoteValue FROM venueFillFees WHERE fill = ? ORDER BY ordinal');
    const fills = rows.map((row): JournalFill => ({ ...row, fees: fees.all(row.id).map((fee) => FeeRow.parse(fee)) }));
    for (const fill of fills) {
      this.fills.set(`${fill.symbol} ${fill.fillId}`, fill);
      const lane = `${this.orders.get(fill.orderId)!.strategy} ${fill.symbol}`;
      this.books.set(lane, booksAfter(this.books.get(lane), fill));
      this.#fillsRead = fill.id;
    }
    const notes = this.#prepared(
      'SELECT id, strategy, symbol, afterFill, quantity, at, kind, price, reason FROM venueNotes WHERE id > ? ORDER BY id',
    )
      .all(this.#notesRead)
      .map((row) => NoteRow.parse(row));
    for (const note of notes) {
      const lane = `${note.strategy} ${note.symbol}`;
      if (note.kind === 'written-off') this.books.set(lane, booksWithout(this.books.get(lane)!, note));
      this.#notesRead = note.id;
    }

    const frozen = this.#prepared('SELECT DISTINCT symbol FROM venueFreezes WHERE acceptedAt IS NULL').pluck().all();
    for (const symbol of this.frozen.keys()) if (!frozen.includes(symbol)) this.frozen.delete(symbol);
    for (const symbol of frozen as string[]) if (!this.frozen.has(symbol)) this.frozen.set(symbol, now);
    return { orders: changed, intended, fills };
  }

  #prepared(sql: string): Database.Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
