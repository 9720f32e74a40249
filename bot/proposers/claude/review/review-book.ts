import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { z } from 'zod';
import { FAULT_NAMES } from './known-bad/known-bad.ts';

const OUTCOMES = ['read', 'blocked', 'caught', 'missed', 'unread'] as const;

/** What came of showing one change to a reviewer. */
const ShownChange = z.strictObject({
  cycle: z.string(),
  /** Digest of the files that were shown. */
  subject: z.string(),
  /** Null for a candidate, which nobody knows the faults of. */
  fault: z.enum(FAULT_NAMES).nullable(),
  /**
   * Of a candidate: read, or blocked by a finding; of a change that is known to be bad: caught or missed. Of either: unread, since nobody
   * looked.
   */
  outcome: z.enum(OUTCOMES),
  /** The findings as they were given, JSON; null where nobody looked. */
  findings: z.string().nullable(),
  /** The last exchange in `thoughts/`; null where there is none. */
  record: z.string().nullable(),
  /** UTC milliseconds. */
  at: z.int(),
});
export type ShownChange = z.infer<typeof ShownChange>;

const Found = z.strictObject({ found: z.int() });

/** What reviewers were shown and what came of it, in SQLite beside the model's budget, so that no restart forgets how good they are. */
export class ReviewBook {
  readonly #db: Database.Database;

  private constructor(db: Database.Database) {
    this.#db = db;
  }

  /** @param dir the bot's own folder */
  static open(dir: string): ReviewBook {
    mkdirSync(dir, { recursive: true });
    const db = new Database(join(dir, 'reviews.sqlite'));
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.exec(`
      CREATE TABLE IF NOT EXISTS shown (
        cycle TEXT NOT NULL, subject TEXT NOT NULL, fault TEXT, outcome TEXT NOT NULL, findings TEXT, record TEXT, at INTEGER NOT NULL,
        PRIMARY KEY (cycle, subject)
      ) STRICT;
      CREATE INDEX IF NOT EXISTS shown_by_time ON shown (at);
    `);
    return new ReviewBook(db);
  }

  /** Null where no reviewer was ever asked. */
  static openThere(dir: string): ReviewBook | null {
    return existsSync(join(dir, 'reviews.sqlite')) ? ReviewBook.open(dir) : null;
  }

  /** A night that is run again is told what it was told before, and counts once; only what nobody had read is read anew. */
  write(change: ShownChange): void {
    this.#db
      .prepare(
        `INSERT INTO shown (cycle, subject, fault, outcome, findings, record, at)
         VALUES (@cycle, @subject, @fault, @outcome, @findings, @record, @at)
         ON CONFLICT (cycle, subject) DO UPDATE SET
           fault = excluded.fault, outcome = excluded.outcome, findings = excluded.findings, record = excluded.record, at = excluded.at
         WHERE shown.outcome = 'unread'`,
      )
      .run(change);
  }

  /** Whether a night has been shown a bad change other than this one. */
  hasSlipped(cycle: string, subject: string): boolean {
    const sql = 'SELECT COUNT(*) AS found FROM shown WHERE cycle = ? AND fault IS NOT NULL AND subject <> ?';
    return Found.parse(this.#db.prepare(sql).get(cycle, subject)).found > 0;
  }

  /** @param from UTC milliseconds, inside @param to UTC milliseconds, outside */
  between(from: number, to: number): readonly ShownChange[] {
    const rows = this.#db.prepare('SELECT * FROM shown WHERE at >= ? AND at < ? ORDER BY at, cycle, subject').all(from, to);
    return rows.map((row) => ShownChange.parse(row));
  }

  close(): void {
    this.#db.close();
  }
}
