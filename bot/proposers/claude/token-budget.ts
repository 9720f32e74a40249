import Database from 'better-sqlite3';
import { z } from 'zod';

const DAY_MS = 86_400_000;
const Sum = z.strictObject({ taken: z.int() });

/** What a call may cost is taken before it is made, or it is not made. */
export type Reservation =
  | { readonly kind: 'granted'; readonly id: number }
  | { readonly kind: 'spent'; readonly left: number; readonly backAt: number };

/**
 * The tokens that calls to a model may cost in one UTC day, in SQLite, so that no restart forgets what was spent. A call takes the most
 * it may cost before it begins, and gives back what it did not need; one that was killed in between keeps all it took.
 */
export class TokenBudget {
  readonly #db: Database.Database;
  readonly #dailyTokens: number;
  readonly #clock: () => number;

  private constructor(db: Database.Database, dailyTokens: number, clock: () => number) {
    this.#db = db;
    this.#dailyTokens = dailyTokens;
    this.#clock = clock;
  }

  /** @param clock UTC milliseconds */
  static open(path: string, dailyTokens: number, clock: () => number): TokenBudget {
    const db = new Database(path);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.exec(`
      CREATE TABLE IF NOT EXISTS calls (
        id INTEGER PRIMARY KEY, day TEXT NOT NULL, purpose TEXT NOT NULL, model TEXT NOT NULL, reserved INTEGER NOT NULL, spent INTEGER
      ) STRICT;
      CREATE INDEX IF NOT EXISTS calls_by_day ON calls (day);
    `);
    return new TokenBudget(db, dailyTokens, clock);
  }

  /** Tokens of today that are neither spent nor taken; never negative. */
  left(): number {
    return Math.max(0, this.#dailyTokens - this.#takenOn(this.#today()));
  }

  /** Takes `tokens` of today's, or none. */
  reserve(tokens: number, call: { readonly purpose: string; readonly model: string }): Reservation {
    return this.#db
      .transaction((): Reservation => {
        const left = this.left();
        if (tokens > left) return { kind: 'spent', left, backAt: (Math.floor(this.#clock() / DAY_MS) + 1) * DAY_MS };
        const { lastInsertRowid } = this.#db
          .prepare('INSERT INTO calls (day, purpose, model, reserved) VALUES (?, ?, ?, ?)')
          .run(this.#today(), call.purpose, call.model, tokens);
        return { kind: 'granted', id: Number(lastInsertRowid) };
      })
      .immediate();
  }

  /** Writes down what a call came to; it counts for the day it began on. */
  settle(id: number, spent: number): void {
    this.#db.prepare('UPDATE calls SET spent = ? WHERE id = ?').run(spent, id);
  }

  close(): void {
    this.#db.close();
  }

  #takenOn(day: string): number {
    const sql = 'SELECT COALESCE(SUM(COALESCE(spent, reserved)), 0) AS taken FROM calls WHERE day = ?';
    return Sum.parse(this.#db.prepare(sql).get(day)).taken;
  }

  #today(): string {
    return new Date(this.#clock()).toISOString().slice(0, 10);
  }
}
