import Database from 'better-sqlite3';
import Big from 'big.js';
import { z } from 'zod';
import {
  BaselineRow,
  BaselineTime,
  CursorRow,
  EventRow,
  FeeRow,
  type FilledOrder,
  FilledRow,
  FillRow,
  FreezeRow,
  type JournalFee,
  type JournalFill,
  LaneRow,
  type NewNote,
  NoteRow,
  OrderRow,
} from './journal-rows.ts';
import { journalSchema, noteSchema } from './journal-schema.ts';

const Count = z.int();

/** What makes an order; the rest of its row follows from its events. */
export type NewOrder = Pick<
  OrderRow,
  | 'clientOrderId'
  | 'strategy'
  | 'symbol'
  | 'role'
  | 'side'
  | 'kind'
  | 'quantity'
  | 'limitPrice'
  | 'stopPrice'
  | 'instant'
  | 'attempt'
  | 'version'
  | 'cause'
  | 'reason'
  | 'terms'
  | 'createdAt'
>;

/** What the events of an order come to. */
export type FoldedOrder = Pick<OrderRow, 'state' | 'venueOrderId' | 'filled' | 'saidFilled' | 'refusal' | 'isFinal'>;

export type NewFill = Omit<JournalFill, 'id'>;

/**
 * The record of orders at one venue account, with its one writer: what was intended before it was sent, everything that became of
 * it, every fill once. Each method is atomic and on disk when it returns; `transaction` makes several one.
 */
export class OrderJournal {
  readonly account: string;
  readonly #database: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();

  /**
   * Over a database that has the journal's tables and synchronises fully: the engine's own.
   * @param account the venue account, as `Venue.account` names it
   */
  constructor(database: Database.Database, account: string) {
    this.#database = database;
    this.account = account;
  }

  /** A journal alone in its file, made when there is none. */
  static open(file: string, account: string): OrderJournal {
    const database = new Database(file, { timeout: 10_000 });
    try {
      database.pragma('journal_mode = WAL');
      database.pragma('synchronous = FULL');
      database.pragma('foreign_keys = ON');
      database
        .transaction(() => {
          const isNew = database.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'venueOrders'`).get() === undefined;
          if (isNew) database.exec(journalSchema + noteSchema);
        })
        .immediate();
      return new OrderJournal(database, account);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** Only of a journal that `open` opened. */
  close(): void {
    this.#database.close();
  }

  /** All of it is on disk when this returns, or none of it. */
  transaction<T>(work: () => T): T {
    return this.#database.transaction(work).immediate();
  }

  // ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** @param event that begins it, JSON @returns the order's number */
  addOrder(order: NewOrder, folded: FoldedOrder, event: string): number {
    return this.transaction(() => {
      const id = this.#insert('venueOrders', { account: this.account, ...stored(order), ...stored(folded) });
      this.#insert('orderEvents', { orderId: id, at: order.createdAt, event });
      return id;
    });
  }

  /** @param event JSON @param folded the order after it */
  addEvent(orderId: number, at: number, event: string, folded: FoldedOrder): void {
    this.transaction(() => {
      this.#insert('orderEvents', { orderId, at, event });
      this.#run(
        `UPDATE venueOrders SET state = @state, venueOrderId = @venueOrderId, filled = @filled, saidFilled = @saidFilled,
           refusal = @refusal, isFinal = @isFinal WHERE id = @orderId`,
        { orderId, ...stored(folded) },
      );
    });
  }

  /** @returns the fill's number; null for one that is recorded already */
  addFill(fill: NewFill): number | null {
    return this.transaction(() => {
      const { fees, ...row } = fill;
      if (this.hasFill(fill.symbol, fill.fillId)) return null;
      const id = this.#insert('venueFills', { account: this.account, ...stored(row) });
      for (const [ordinal, fee] of fees.entries()) this.#insert('venueFillFees', { fill: id, ordinal, ...stored(fee) });
      return id;
    });
  }

  hasFill(symbol: string, fillId: string): boolean {
    const sql = 'SELECT 1 FROM venueFills WHERE account = ? AND symbol = ? AND fillId = ?';
    return this.#prepared(sql).get(this.account, symbol, fillId) !== undefined;
  }

  /** @returns the note's number */
  addNote(note: NewNote): number {
    return this.#insert('venueNotes', { account: this.account, ...stored(note) });
  }

  saveLane(strategy: string, symbol: string, state: string): void {
    this.#run(
      `INSERT INTO venueLanes (account, strategy, symbol, state) VALUES (@account, @strategy, @symbol, @state)
       ON CONFLICT (account, strategy, symbol) DO UPDATE SET state = excluded.state`,
      { account: this.account, strategy, symbol, state },
    );
  }

  addFreeze(freeze: Pick<FreezeRow, 'symbol' | 'at' | 'code' | 'subject' | 'message'>): void {
    this.#insert('venueFreezes', { account: this.account, ...freeze });
  }

  /** A person accepts what stands there unexplained. */
  acceptFreezes(symbol: string, at: number, reason: string): void {
    this.#run(
      'UPDATE venueFreezes SET acceptedAt = @at, acceptedReason = @reason WHERE account = @account AND symbol = @symbol AND acceptedAt IS NULL',
      { account: this.account, symbol, at, reason },
    );
  }

  /** From now on the account is taken to hold `amount` more of the asset than its fills tell. */
  addBaseline(asset: string, amount: Big, at: number, reason: string): void {
    this.#insert('venueBaselines', { account: this.account, asset, amount: amount.toFixed(), at, reason });
  }

  saveCursor(cursor: CursorRow): void {
    this.#run(
      `INSERT INTO venueCursors (account, fillsSince, reconciledAt) VALUES (@account, @fillsSince, @reconciledAt)
       ON CONFLICT (account) DO UPDATE SET fillsSince = excluded.fillsSince, reconciledAt = excluded.reconciledAt`,
      { account: this.account, ...cursor },
    );
  }

  /** What risk remembers of the account: JSON. */
  saveRisk(state: string): void {
    this.#run(
      `INSERT INTO venueRisk (account, state) VALUES (@account, @state)
       ON CONFLICT (account) DO UPDATE SET state = excluded.state`,
      { account: this.account, state },
    );
  }

  // ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** In the order in which they were intended. */
  orders(): OrderRow[] {
    return this.#all(OrderRow, 'SELECT * FROM venueOrders WHERE account = ? ORDER BY id');
  }

  /** Those that are not final, in the order in which they were intended. */
  liveOrders(): OrderRow[] {
    return this.#all(OrderRow, 'SELECT * FROM venueOrders WHERE account = ? AND isFinal = 0 ORDER BY id');
  }

  orderByVenueId(symbol: string, venueOrderId: string): OrderRow | null {
    return this.#order('symbol = ? AND venueOrderId = ?', symbol, venueOrderId);
  }

  orderByClientId(clientOrderId: string): OrderRow | null {
    return this.#order('clientOrderId = ?', clientOrderId);
  }

  /** How many orders have been intended for the same end: the number of the next attempt. */
  attempts(strategy: string, symbol: string, instant: number, role: OrderRow['role']): number {
    const sql = 'SELECT count(*) FROM venueOrders WHERE account = ? AND strategy = ? AND symbol = ? AND instant = ? AND role = ?';
    return Count.parse(this.#prepared(sql).pluck().get(this.account, strategy, symbol, instant, role));
  }

  /** An order's history, oldest first: JSON texts. */
  events(orderId: number): { at: number; event: string }[] {
    const rows = this.#prepared('SELECT * FROM orderEvents WHERE orderId = ? ORDER BY id').all(orderId);
    return z.array(EventRow).parse(rows);
  }

  /** As they were recorded, oldest first, with the number of each one's order. */
  fills(): JournalFill[] {
    const fees = this.#fees();
    const columns = 'id, symbol, fillId, orderId, side, quantity, price, isMaker, time, recordedAt';
    const rows = this.#all(FillRow, `SELECT ${columns} FROM venueFills WHERE account = ? ORDER BY id`);
    return rows.map((row) => ({ ...row, fees: fees.get(row.id) ?? [] }));
  }

  /** The same one after the other, each with its order, so that years of them need little memory. Nothing is written meanwhile. */
  *filled(): Generator<{ readonly fill: JournalFill; readonly order: FilledOrder }> {
    const fees = this.#fees();
    const sql = `SELECT f.id, f.symbol, f.fillId, f.orderId, f.side, f.quantity, f.price, f.isMaker, f.time, f.recordedAt,
        o.strategy, o.instant, o.version, o.cause, o.reason, o.terms
      FROM venueFills f JOIN venueOrders o ON o.id = f.orderId WHERE f.account = ? ORDER BY f.id`;
    for (const { strategy, instant, version, cause, reason, terms, ...fill } of this.#each(FilledRow, sql)) {
      const order = { id: fill.orderId, symbol: fill.symbol, strategy, instant, version, cause, reason, terms };
      yield { fill: { ...fill, fees: fees.get(fill.id) ?? [] }, order };
    }
  }

  /** By fill. */
  #fees(): Map<number, JournalFee[]> {
    const fees = new Map<number, JournalFee[]>();
    const sql = `SELECT fill, asset, amount, quoteValue FROM venueFillFees
      WHERE fill IN (SELECT id FROM venueFills WHERE account = ?) ORDER BY fill, ordinal`;
    for (const { fill, ...fee } of this.#each(FeeRow, sql)) {
      const of = fees.get(fill) ?? [];
      of.push(fee);
      fees.set(fill, of);
    }
    return fees;
  }

  /** What happened to positions without a fill, oldest first. */
  notes(): NoteRow[] {
    const columns = 'id, strategy, symbol, afterFill, quantity, at, kind, price, reason';
    return this.#all(NoteRow, `SELECT ${columns} FROM venueNotes WHERE account = ? ORDER BY id`);
  }

  /** What each lane remembers beside its orders and fills: JSON texts. */
  lanes(): z.infer<typeof LaneRow>[] {
    return this.#all(LaneRow, 'SELECT strategy, symbol, state FROM venueLanes WHERE account = ? ORDER BY strategy, symbol');
  }

  /** Accepted ones too. */
  freezes(): FreezeRow[] {
    const columns = 'id, symbol, at, code, subject, message, acceptedAt, acceptedReason';
    return this.#all(FreezeRow, `SELECT ${columns} FROM venueFreezes WHERE account = ? ORDER BY id`);
  }

  /** By asset, what the account is taken to have held before any fill. */
  baselines(): Map<string, Big> {
    const rows = this.#all(BaselineRow, 'SELECT asset, amount FROM venueBaselines WHERE account = ? ORDER BY id');
    const sums = new Map<string, Big>();
    for (const { asset, amount } of rows) sums.set(asset, (sums.get(asset) ?? new Big(0)).plus(amount));
    return sums;
  }

  /** By asset, when that was last said to be so, UTC milliseconds. */
  baselineTimes(): Map<string, number> {
    const rows = this.#all(BaselineTime, 'SELECT asset, max(at) AS at FROM venueBaselines WHERE account = ? GROUP BY asset');
    return new Map(rows.map(({ asset, at }) => [asset, at]));
  }

  /** Null before the account was first looked at. */
  cursor(): CursorRow | null {
    return this.#all(CursorRow, 'SELECT fillsSince, reconciledAt FROM venueCursors WHERE account = ?')[0] ?? null;
  }

  risk(): string | null {
    const row = this.#prepared('SELECT state FROM venueRisk WHERE account = ?').get(this.account);
    return row === undefined ? null : z.object({ state: z.string() }).parse(row).state;
  }

  #order(where: string, ...values: string[]): OrderRow | null {
    const row = this.#prepared(`SELECT * FROM venueOrders WHERE account = ? AND ${where}`).get(this.account, ...values);
    return row === undefined ? null : OrderRow.parse(row);
  }

  #all<Schema extends z.ZodType>(schema: Schema, sql: string): z.infer<Schema>[] {
    return z.array(schema).parse(this.#prepared(sql).all(this.account));
  }

  *#each<Schema extends z.ZodType>(schema: Schema, sql: string): Generator<z.infer<Schema>, undefined> {
    for (const row of this.#prepared(sql).iterate(this.account)) yield schema.parse(row);
  }

  #insert(table: string, row: Record<string, unknown>): number {
    const names = Object.keys(row);
    const sql = `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map((name) => `@${name}`).join(', ')})`;
    return Number(this.#run(sql, row).lastInsertRowid);
  }

  #run(sql: string, row: Record<string, unknown>): Database.RunResult {
    return this.#prepared(sql).run(row);
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

/** As SQLite keeps it: decimals as text, flags as numbers. */
function stored(row: object): Record<string, unknown> {
  const columns: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row)) {
    columns[name] = value instanceof Big ? value.toFixed() : typeof value === 'boolean' ? Number(value) : value;
  }
  return columns;
}
