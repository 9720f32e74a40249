import Database from 'better-sqlite3';
import { z } from 'zod';

/** An order to the engine whose answer still has to say that it was obeyed. */
export interface WaitingOrder {
  /** The comment that gave it. */
  readonly commentId: number;
  readonly answerId: number;
  readonly mode: string;
  /** When it was given, as the control file has it. */
  readonly at: string;
  readonly by: string;
}

const Row = z.strictObject({ commentId: z.int(), answerId: z.int(), mode: z.string(), at: z.string(), by: z.string() });

/** Orders that were written and not confirmed yet, kept over restarts. */
export class WaitingOrders {
  readonly #db: Database.Database;

  private constructor(db: Database.Database) {
    this.#db = db;
  }

  static open(path: string): WaitingOrders {
    const db = new Database(path);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.exec(
      'CREATE TABLE IF NOT EXISTS orders (commentId INTEGER PRIMARY KEY, answerId INTEGER NOT NULL, mode TEXT NOT NULL, at TEXT NOT NULL, "by" TEXT NOT NULL) STRICT',
    );
    return new WaitingOrders(db);
  }

  /** Notes an order; one that a comment has given before keeps its moment, so that a job that runs again gives no new one. */
  add({ commentId, answerId, mode, at, by }: WaitingOrder): WaitingOrder {
    const sql = 'INSERT INTO orders VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET answerId = excluded.answerId RETURNING *';
    return Row.parse(this.#db.prepare(sql).get(commentId, answerId, mode, at, by));
  }

  /** Oldest first. */
  all(): readonly WaitingOrder[] {
    return this.#db
      .prepare('SELECT * FROM orders ORDER BY at')
      .all()
      .map((row) => Row.parse(row));
  }

  remove(commentId: number): void {
    this.#db.prepare('DELETE FROM orders WHERE commentId = ?').run(commentId);
  }

  close(): void {
    this.#db.close();
  }
}
