import Database from 'better-sqlite3';

/** A comment older than this is no command any more, whoever tells of it; twice that is long enough. */
const KEPT_MS = 60 * 86_400_000;

export type Memory = Pick<KeptAnswers, 'of' | 'keep'>;

/** What `act` came to: now, or when it was done before under the same key. */
export async function once(kept: Memory, key: string, act: () => Promise<string>): Promise<string> {
  const known = kept.of(key);
  if (known !== null) return known;
  const done = await act();
  kept.keep(key, done);
  return done;
}

/**
 * What commands have come to, by what gave them: `comment:7`, or a box of the dashboard. A command that was done and whose answer could not be written is not done
 * a second time to have it. A night costs trials, and a question tokens.
 */
export class KeptAnswers {
  readonly #db: Database.Database;
  readonly #clock: () => number;

  private constructor(db: Database.Database, clock: () => number) {
    this.#db = db;
    this.#clock = clock;
  }

  static open(path: string, clock: () => number): KeptAnswers {
    const db = new Database(path);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.exec('CREATE TABLE IF NOT EXISTS done (key TEXT PRIMARY KEY, text TEXT NOT NULL, at INTEGER NOT NULL) STRICT');
    return new KeptAnswers(db, clock);
  }

  /** Null for a command that has not been done. */
  of(key: string): string | null {
    return (this.#db.prepare('SELECT text FROM done WHERE key = ?').pluck().get(key) as string | undefined) ?? null;
  }

  keep(key: string, text: string): void {
    const now = this.#clock();
    this.#db.prepare('DELETE FROM done WHERE at < ?').run(now - KEPT_MS);
    this.#db.prepare('INSERT OR IGNORE INTO done VALUES (?, ?, ?)').run(key, text, now);
  }

  close(): void {
    this.#db.close();
  }
}
