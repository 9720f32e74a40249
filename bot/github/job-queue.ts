import Database from 'better-sqlite3';
import { z } from 'zod';
import { explain } from '#engine/errors.ts';

/** What the bot has been asked to do. Jobs are levels, not edges: running one twice ends in the same state as running it once. */
export const Job = z.discriminatedUnion('kind', [
  /** Prove the head of a pull request against the present tip of main, and settle it by policy. */
  z.strictObject({ kind: z.literal('gates'), number: z.number().int() }),
  /** Somebody wrote a comment that may be a command. */
  z.strictObject({
    kind: z.literal('comment'),
    number: z.number().int(),
    commentId: z.number().int(),
    author: z.string(),
    body: z.string(),
    isPullRequest: z.boolean(),
  }),
  /** main moved: what was proven against the old base is proven again. */
  z.strictObject({ kind: z.literal('main-moved') }),
  /** The state branch moved: the engine may have something to say. */
  z.strictObject({ kind: z.literal('state-moved') }),
]);
export type Job = z.infer<typeof Job>;

interface JobRow {
  readonly id: number;
  readonly job: string;
}

interface FailedRow {
  readonly job: string;
  readonly error: string;
}

/** A job that failed this often is left alone, and stands in the table with its last error. */
const ATTEMPTS_MAX = 3;

/**
 * Work to do, in SQLite beside the deliveries it came from: a delivery and its jobs are written in one transaction,
 * so a crash loses none, and the same delivery twice adds nothing.
 */
export class JobQueue {
  readonly #db: Database.Database;

  private constructor(db: Database.Database) {
    this.#db = db;
  }

  /** Opens the queue at `path`. Jobs that a killed process had begun are put back. */
  static open(path: string): JobQueue {
    const db = new Database(path);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.exec(`
      CREATE TABLE IF NOT EXISTS deliveries (id TEXT PRIMARY KEY, event TEXT NOT NULL) STRICT;
      CREATE TABLE IF NOT EXISTS jobs (
        id INTEGER PRIMARY KEY,
        job TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'failed')),
        attempts INTEGER NOT NULL DEFAULT 0,
        error TEXT
      ) STRICT;
      UPDATE jobs SET state = 'queued' WHERE state = 'running';
    `);
    return new JobQueue(db);
  }

  /** Takes a webhook delivery and what follows from it. Returns false when the delivery was taken before. */
  accept(deliveryId: string, event: string, jobs: readonly Job[]): boolean {
    return this.#db.transaction(() => {
      const { changes } = this.#db.prepare('INSERT OR IGNORE INTO deliveries (id, event) VALUES (?, ?)').run(deliveryId, event);
      if (changes === 0) return false;
      for (const job of jobs) this.add(job);
      return true;
    })();
  }

  /** Adds a job, unless the same one is already waiting. */
  add(job: Job): void {
    this.#db
      .prepare(
        "INSERT INTO jobs (job, state) SELECT @job, 'queued' WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE job = @job AND state = 'queued')",
      )
      .run({ job: JSON.stringify(Job.parse(job)) });
  }

  /** Adds a job, unless the same one is waiting or being done: for looking again at what may have been missed. */
  addIfMissing(job: Job): void {
    const known = this.#db
      .prepare("SELECT 1 FROM jobs WHERE job = ? AND state IN ('queued', 'running')")
      .get(JSON.stringify(job));
    if (known === undefined) this.add(job);
  }

  /**
   * The oldest waiting job that `isWanted` says yes to, marked as begun; null when there is none.
   * A job this version cannot read is given up: it may not stand in the way of the others.
   */
  take(isWanted: (job: Job) => boolean = () => true): { readonly id: number; readonly job: Job } | null {
    return this.#db.transaction(() => {
      const rows = this.#db.prepare("SELECT id, job FROM jobs WHERE state = 'queued' ORDER BY id").all() as JobRow[];
      for (const { id, job: text } of rows) {
        const reading = Job.safeParse(JSON.parse(text));
        if (!reading.success) this.#giveUp(id, explain(reading.error));
        else if (isWanted(reading.data)) {
          this.#db.prepare("UPDATE jobs SET state = 'running', attempts = attempts + 1 WHERE id = ?").run(id);
          return { id, job: reading.data };
        }
      }
      return null;
    })();
  }

  /** Whether a job waits to be taken. */
  hasWaiting(): boolean {
    return this.#db.prepare("SELECT 1 FROM jobs WHERE state = 'queued' LIMIT 1").get() !== undefined;
  }

  /** The jobs that were given up and have not succeeded since, oldest first. */
  failed(): readonly { readonly job: unknown; readonly error: string }[] {
    const rows = this.#db.prepare("SELECT job, error FROM jobs WHERE state = 'failed' ORDER BY id").all() as FailedRow[];
    return rows.map(({ job, error }) => ({ job: JSON.parse(job), error }));
  }

  /** The job is done, and with it every earlier try at the same one that was given up. */
  finish(id: number): void {
    this.#db
      .prepare("DELETE FROM jobs WHERE id = @id OR (state = 'failed' AND job = (SELECT job FROM jobs WHERE id = @id))")
      .run({ id });
  }

  /** Puts a job back, or gives it up after its last attempt. Returns what became of it. */
  fail(id: number, error: string): 'queued' | 'failed' {
    const row = this.#db
      .prepare("UPDATE jobs SET state = iif(attempts < ?, 'queued', 'failed'), error = ? WHERE id = ? RETURNING state")
      .get(ATTEMPTS_MAX, error, id) as { state: 'queued' | 'failed' };
    return row.state;
  }

  #giveUp(id: number, error: string): void {
    this.#db.prepare("UPDATE jobs SET state = 'failed', error = ? WHERE id = ?").run(error, id);
  }

  close(): void {
    this.#db.close();
  }
}
