import Database from 'better-sqlite3';
import { z } from 'zod';

/** An order to the engine, as the comment that gave it is remembered. */
export interface WaitingOrder {
  /** The comment that gave it. */
  readonly commentId: number;
  readonly answerId: number;
  readonly mode: string;
  /** When it was given, as the control file has it. */
  readonly at: string;
  readonly by: string;
}

/** What is known of an order that a comment gives, perhaps not for the first time. */
export interface NotedOrder extends WaitingOrder {
  /** What became of it, as it was answered; null while that is open. */
  readonly outcome: string | null;
}

const Row = z.strictObject({ commentId: z.int(), answerId: z.int(), mode: z.string(), at: z.string(), by: z.string() });
const NotedRow = Row.extend({ outcome: z.string().nullable() });

const COLUMNS = 'commentId, answerId, mode, at, "by"';

/**
 * Orders to the engine, kept over restarts. One that is settled is kept too: were it forgotten, a job that runs again, after an answer
 * that could not be written, would give it a second time, over whatever was ordered since.
 */
export class WaitingOrders {
  readonly #db: Database.Database;

  private constructor(db: Database.Database) {
    this.#db = db;
  }

  static open(path: string): WaitingOrders {
    const db = new Database(path);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.transaction(() => migrate(db))();
    return new WaitingOrders(db);
  }

  /** Notes an order; one that a comment has given before keeps its moment, so that a job that runs again gives no new one. */
  add({ commentId, answerId, mode, at, by }: WaitingOrder): NotedOrder {
    const sql = `INSERT INTO orders (${COLUMNS}) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET answerId = excluded.answerId RETURNING ${COLUMNS}, outcome`;
    return NotedRow.parse(this.#db.prepare(sql).get(commentId, answerId, mode, at, by));
  }

  /** It stands in the control file, and waits for the engine from now on. */
  written(commentId: number): void {
    this.#db.prepare('UPDATE orders SET isWritten = 1 WHERE commentId = ?').run(commentId);
  }

  /** Those that were written and that nobody has heard of since, oldest first. */
  all(): readonly WaitingOrder[] {
    return this.#db
      .prepare(`SELECT ${COLUMNS} FROM orders WHERE isWritten = 1 AND outcome IS NULL ORDER BY at`)
      .all()
      .map((row) => Row.parse(row));
  }

  settle(commentId: number, outcome: string): void {
    this.#db.prepare('UPDATE orders SET outcome = ? WHERE commentId = ?').run(outcome, commentId);
  }

  close(): void {
    this.#db.close();
  }
}

function migrate(db: Database.Database): void {
  db.exec(
    'CREATE TABLE IF NOT EXISTS orders (commentId INTEGER PRIMARY KEY, answerId INTEGER NOT NULL, mode TEXT NOT NULL, at TEXT NOT NULL, "by" TEXT NOT NULL) STRICT',
  );
  if (db.pragma('user_version', { simple: true }) !== 0) return;
  // What the first version of this file has kept was written, or is about to be by its job.
  db.exec(`ALTER TABLE orders ADD COLUMN isWritten INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE orders ADD COLUMN outcome TEXT;
    UPDATE orders SET isWritten = 1;`);
  db.pragma('user_version = 1');
}
