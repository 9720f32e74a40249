import Database from 'better-sqlite3';
import { Big } from 'big.js';
import { FeeRow, FillRow, type JournalFill, NoteRow, OrderRow } from '#engine/store/journal/journal-rows.ts';
import { booksAfter, booksWithout, type LaneBooks } from './lane-books.ts';

const zero = new Big(0);

export interface JournalChanges {
  readonly orders: OrderRow[];
  /** Those of them that are new. */
  readonly intended: OrderRow[];
  readonly fills: JournalFill[];
  /** What a person has accepted to be gone. */
  readonly writeOffs: NoteRow[];
}

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
  /** Ids of orders of which nobody knows what became of them, as a person was told and has not accepted yet. */
  readonly doubted = new Set<string>();
  readonly #database: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();
  /** Of the database, when it was read last. */
  #version: unknown = null;
  #eventsRead = 0;
  #fillsRead = 0;
  #notesRead = 0;
  #baselinesRead = 0;
  /** By asset, what is explained beside the fills. */
  readonly #baselines = new Map<string, Big>();

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

  /**
   * What the order's strategy holds of the symbol by the fills and write-offs that are on disk now, whatever was read before; null when
   * the order is not there.
   */
  heldBy(clientOrderId: string): Big | null {
    const order = this.#prepared('SELECT strategy, symbol FROM venueOrders WHERE clientOrderId = ?').get(clientOrderId);
    if (order === undefined) return null;
    const { strategy, symbol } = order as { strategy: string; symbol: string };
    const moves = this.#prepared(
      `SELECT CASE f.side WHEN 'buy' THEN f.quantity ELSE '-' || f.quantity END FROM venueFills f JOIN venueOrders o ON o.id = f.orderId
         WHERE o.strategy = @strategy AND f.symbol = @symbol
       UNION ALL SELECT '-' || e.amount FROM venueFillFees e JOIN venueFills f ON f.id = e.fill JOIN venueOrders o ON o.id = f.orderId
         WHERE o.strategy = @strategy AND f.symbol = @symbol AND e.asset = @base
       UNION ALL SELECT '-' || quantity FROM venueNotes WHERE strategy = @strategy AND symbol = @symbol AND kind = 'written-off'`,
    ).pluck();
    const amounts = moves.all({ strategy, symbol, base: symbol.split('/')[0] }) as string[];
    // What was taken back has a sign of its own.
    return amounts.reduce((sum, amount) => sum.plus(amount.replace(/^--/, '')), zero);
  }

  /** What the account should have of an asset. */
  expected(asset: string): Big {
    let sum = this.#baselines.get(asset) ?? zero;
    for (const [lane, { quantity }] of this.books) if (lane.split(' ')[1]!.startsWith(`${asset}/`)) sum = sum.plus(quantity);
    return sum;
  }

  /** An order's history, oldest first: JSON texts. */
  historyOf = (orderId: number): string[] => {
    const rows = this.#prepared('SELECT event FROM orderEvents WHERE orderId = ? ORDER BY id').all(orderId);
    return (rows as { event: string }[]).map(({ event }) => event);
  };

  /** Reads what was written since it last did. @param now of the world */
  takeChanges(now: number): JournalChanges {
    // Changes with each commit of another connection.
    const version = this.#prepared('PRAGMA data_version').pluck().get();
    if (version === this.#version) return { orders: [], intended: [], fills: [], writeOffs: [] };
    this.#version = version;
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
    const writeOffs = notes.filter(({ kind }) => kind === 'written-off');
    for (const note of writeOffs) {
      const lane = `${note.strategy} ${note.symbol}`;
      this.books.set(lane, booksWithout(this.books.get(lane)!, note));
    }
    this.#notesRead = notes.at(-1)?.id ?? this.#notesRead;
    const baselines = this.#prepared('SELECT id, asset, amount FROM venueBaselines WHERE id > ? ORDER BY id');
    for (const { id, asset, amount } of baselines.all(this.#baselinesRead) as { id: number; asset: string; amount: string }[]) {
      this.#baselines.set(asset, (this.#baselines.get(asset) ?? zero).plus(amount));
      this.#baselinesRead = id;
    }

    const frozen = this.#prepared('SELECT DISTINCT symbol FROM venueFreezes WHERE acceptedAt IS NULL').pluck().all();
    for (const symbol of this.frozen.keys()) if (!frozen.includes(symbol)) this.frozen.delete(symbol);
    for (const symbol of frozen as string[]) if (!this.frozen.has(symbol)) this.frozen.set(symbol, now);
    this.doubted.clear();
    const told = "SELECT subject FROM venueFreezes WHERE acceptedAt IS NULL AND code = 'vanished-order'";
    for (const subject of this.#prepared(told).pluck().all() as string[]) this.doubted.add(subject);
    return { orders: changed, intended, fills, writeOffs };
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
