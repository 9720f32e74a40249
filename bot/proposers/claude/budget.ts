import Database from 'better-sqlite3';
import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';
import type { Cost } from './cost.ts';
import type { Micros } from './money.ts';
import type { Purpose } from './purpose.ts';

const DAY_MS = 86_400_000;
const Sums = z.strictObject({ tokens: z.int(), money: z.int() });

/** What all calls of a UTC day may cost. */
export interface Allowance {
  readonly dailyTokens: number;
  /** Null when money has no limit; it is counted all the same. */
  readonly dailyMoney: Micros | null;
  /** What money is counted in. What was spent in another one is not added to it. */
  readonly currency: string;
}

/** What is left of a day; never negative. */
export interface Left {
  readonly tokens: number;
  /** Null when it has no limit. */
  readonly money: Micros | null;
}

/** What a call may cost is taken before it is made, or it is not made. */
export type Reservation =
  | { readonly kind: 'granted'; readonly id: number }
  | { readonly kind: 'spent'; readonly what: keyof Left; readonly left: Left; readonly backAt: number };

/**
 * What calls to a model may cost in one UTC day, in tokens and in money, in SQLite, so that no restart forgets what was spent. A call takes
 * the most it may cost before it begins, and gives back what it did not need; one that was killed in between keeps all it took.
 */
export class Budget {
  readonly #db: Database.Database;
  readonly #allowance: Allowance;
  readonly #clock: () => number;

  private constructor(db: Database.Database, allowance: Allowance, clock: () => number) {
    this.#db = db;
    this.#allowance = allowance;
    this.#clock = clock;
  }

  /**
   * @param clock UTC milliseconds
   * @throws RatchetError `model/bad-budget`: where nobody can say what was spent, nothing more is
   */
  static open(path: string, allowance: Allowance, clock: () => number): Budget {
    const db = new Database(path);
    try {
      db.pragma('journal_mode = WAL');
      db.pragma('synchronous = FULL');
      db.transaction(() => migrate(db)).immediate();
    } catch (error) {
      db.close();
      throw new RatchetError(
        'model/bad-budget',
        `${path} does not say what models have cost, so none is asked.`,
        'Nothing was changed. See that the file is a budget of this version and can be written; when it is beyond help, move it away when the day (UTC) is over.',
        { path },
        error,
      );
    }
    return new Budget(db, allowance, clock);
  }

  /** What of today is neither spent nor taken. */
  left(): Left {
    const { dailyTokens, dailyMoney } = this.#allowance;
    const taken = this.#takenOn(this.#today());
    return {
      tokens: Math.max(0, dailyTokens - taken.tokens),
      money: dailyMoney === null ? null : Math.max(0, dailyMoney - taken.money),
    };
  }

  /** Takes all of `cost` out of today's, or nothing. */
  reserve({ tokens, money }: Cost, call: { readonly purpose: Purpose | 'unknown'; readonly model: string }): Reservation {
    return this.#db
      .transaction((): Reservation => {
        const left = this.left();
        const what = tokens > left.tokens ? 'tokens' : left.money !== null && (money ?? 0) > left.money ? 'money' : null;
        if (what !== null) return { kind: 'spent', what, left, backAt: (Math.floor(this.#clock() / DAY_MS) + 1) * DAY_MS };
        const { lastInsertRowid } = this.#db
          .prepare('INSERT INTO calls (day, purpose, model, reserved, reserved_money, currency) VALUES (?, ?, ?, ?, ?, ?)')
          .run(this.#today(), call.purpose, call.model, tokens, money, this.#allowance.currency);
        return { kind: 'granted', id: Number(lastInsertRowid) };
      })
      .immediate();
  }

  /** Takes all that is left of today for good: what was spent of it, nobody can say. */
  giveUpToday(model: string): void {
    const { tokens, money } = this.left();
    this.reserve({ tokens, money }, { purpose: 'unknown', model });
  }

  /** Writes down what a call came to; it counts for the day it began on. */
  settle(id: number, { tokens, money }: Cost): void {
    this.#db.prepare('UPDATE calls SET spent = ?, spent_money = ? WHERE id = ?').run(tokens, money, id);
  }

  close(): void {
    this.#db.close();
  }

  #takenOn(day: string): z.infer<typeof Sums> {
    const sql = `
      SELECT COALESCE(SUM(COALESCE(spent, reserved)), 0) AS tokens,
             COALESCE(SUM(COALESCE(spent_money, reserved_money)) FILTER (WHERE currency = ?), 0) AS money
      FROM calls WHERE day = ?`;
    return Sums.parse(this.#db.prepare(sql).get(this.#allowance.currency, day));
  }

  #today(): string {
    return new Date(this.#clock()).toISOString().slice(0, 10);
  }
}

/** Money came later than tokens: a file from before has calls without it, and they cost none that anybody knows. */
function migrate(db: Database.Database): void {
  db.exec(`
    CREATE TABLE IF NOT EXISTS calls (
      id INTEGER PRIMARY KEY, day TEXT NOT NULL, purpose TEXT NOT NULL, model TEXT NOT NULL, reserved INTEGER NOT NULL, spent INTEGER
    ) STRICT;
    CREATE INDEX IF NOT EXISTS calls_by_day ON calls (day);
  `);
  if (db.pragma('user_version', { simple: true }) !== 0) return;
  db.exec(`
    ALTER TABLE calls ADD COLUMN reserved_money INTEGER;
    ALTER TABLE calls ADD COLUMN spent_money INTEGER;
    ALTER TABLE calls ADD COLUMN currency TEXT;
    PRAGMA user_version = 1;
  `);
}
