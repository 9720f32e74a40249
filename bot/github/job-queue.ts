import Database from 'better-sqlite3';
import { explain } from '#engine/errors.ts';
import { type Heard, Job, type Sighting } from './job.ts';

export { type Heard, Job, type Sighting } from './job.ts';

/** One line of the queue, for people: what waits, what runs, what was given up and why. */
export interface QueuedJob {
  readonly id: number;
  readonly job: unknown;
  readonly state: 'queued' | 'running' | 'failed';
  readonly attempts: number;
  /** What its last attempt failed with. */
  readonly error: string | null;
  /** UTC milliseconds before which it is not taken. */
  readonly dueAt: number;
}

export interface QueueOptions {
  readonly clock: () => number;
  /** How long a job rests after its first failure, its second and so on; after one more it is given up. Milliseconds. */
  readonly pausesMs: readonly number[];
}

/** For a forge on the same machine, which is back at once or not at all. */
const SHORT_PAUSES_MS = [250, 1_000] as const;
/** For GitHub: over half an hour in all, longer than most of its troubles. */
export const LONG_PAUSES_MS = [2_000, 10_000, 60_000, 300_000, 1_800_000] as const;
/** So often may the process end while it does one job, before that job counts as what ended it. */
const ENDS_MAX = 20;
/** How often a job may be told to come back later before that counts as failure: with GitHub's hour, more than two days. */
const REFUSALS_MAX = 50;
/**
 * Deliveries, comments and jobs given up are remembered this long. A comment older than that is no command any more: otherwise
 * one could be replayed under another delivery's name once it was forgotten.
 */
export const REMEMBERED_MS = 30 * 86_400_000;
const PRUNE_EVERY_MS = 3_600_000;

interface DueRow {
  readonly id: number;
  readonly due_at: number;
}

interface ListedRow extends Omit<QueuedJob, 'job' | 'dueAt'> {
  readonly job: string;
  readonly due_at: number;
}

/**
 * Work to do, in SQLite beside the deliveries it came from: a delivery and its jobs are written in one transaction,
 * so a crash loses none, and the same delivery twice adds nothing.
 */
export class JobQueue {
  readonly #db: Database.Database;
  readonly #clock: () => number;
  readonly #pausesMs: readonly number[];
  #prunedAt = Number.NEGATIVE_INFINITY;

  private constructor(db: Database.Database, options: QueueOptions) {
    this.#db = db;
    this.#clock = options.clock;
    this.#pausesMs = options.pausesMs;
  }

  /** Opens the queue at `path`. Jobs that a killed process had begun are put back. */
  static open(path: string, options: Partial<QueueOptions> = {}): JobQueue {
    const db = new Database(path);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    migrate(db);
    const queue = new JobQueue(db, { clock: Date.now, pausesMs: SHORT_PAUSES_MS, ...options });
    queue.#putBack();
    queue.#prune();
    return queue;
  }

  /** Takes a webhook delivery and what follows from it. Returns whether that added a job. */
  accept(deliveryId: string, event: string, heard: readonly Heard[]): boolean {
    return this.#db.transaction(() => {
      this.#prune();
      const { changes } = this.#db
        .prepare('INSERT OR IGNORE INTO deliveries (id, event, at) VALUES (?, ?, ?)')
        .run(deliveryId, event, this.#clock());
      return changes > 0 && this.#hear(heard);
    })();
  }

  /** Takes what was seen by looking. Returns whether that added a job. */
  hear(heard: readonly Heard[]): boolean {
    return this.#db.transaction(() => {
      this.#prune();
      return this.#hear(heard);
    })();
  }

  /** Remembers how something stands without making a job of it. Returns whether that is new. */
  note({ key, state }: Sighting): boolean {
    const { changes } = this.#db
      .prepare(
        `INSERT INTO sightings (key, state, at) VALUES (@key, @state, @at)
         ON CONFLICT DO UPDATE SET state = excluded.state, at = excluded.at WHERE state <> excluded.state`,
      )
      .run({ key, state, at: this.#clock() });
    return changes > 0;
  }

  /** How something stood when it was last seen; null when it never was. */
  seen(key: string): string | null {
    const row = this.#db.prepare('SELECT state FROM sightings WHERE key = ?').get(key) as { state: string } | undefined;
    return row?.state ?? null;
  }

  #hear(heard: readonly Heard[]): boolean {
    const fresh = heard.filter(({ sighting }) => sighting === undefined || this.note(sighting));
    for (const { job } of fresh) if (job !== null) this.add(job);
    return fresh.some(({ job }) => job !== null);
  }

  /** Adds a job, unless the same one is already waiting; one that was put off starts over. */
  add(job: Job): void {
    const text = JSON.stringify(Job.parse(job));
    const { changes } = this.#db.prepare("UPDATE jobs SET due_at = 0, attempts = 0 WHERE job = ? AND state = 'queued'").run(text);
    if (changes === 0) this.#db.prepare("INSERT INTO jobs (job, state) VALUES (?, 'queued')").run(text);
  }

  /** Adds a job, unless the same one is waiting or being done: for looking again at what may have been missed. */
  addIfMissing(job: Job): void {
    const known = this.#db
      .prepare("SELECT 1 FROM jobs WHERE job = ? AND state IN ('queued', 'running')")
      .get(JSON.stringify(job));
    if (known === undefined) this.add(job);
  }

  /**
   * The oldest job that is due and that `isWanted` says yes to, marked as begun; null when there is none.
   * A job this version cannot read is given up: it may not stand in the way of the others.
   */
  take(isWanted: (job: Job) => boolean = () => true): { readonly id: number; readonly job: Job } | null {
    return this.#db.transaction(() => {
      const due = "SELECT id FROM jobs WHERE state = 'queued' AND due_at <= ? ORDER BY id";
      for (const id of this.#db.prepare(due).pluck().all(this.#clock()) as number[]) {
        const reading = this.#read(id);
        if (!reading.success) this.#giveUp(id, explain(reading.error));
        else if (isWanted(reading.data)) {
          this.#db.prepare("UPDATE jobs SET state = 'running', attempts = attempts + 1 WHERE id = ?").run(id);
          return { id, job: reading.data };
        }
      }
      return null;
    })();
  }

  /** Milliseconds until a job is due that `isWanted` says yes to: 0 when one is, null when none waits. */
  msUntilDue(isWanted: (job: Job) => boolean = () => true): number | null {
    const rows = this.#db.prepare("SELECT id, due_at FROM jobs WHERE state = 'queued' ORDER BY due_at").all() as DueRow[];
    const first = rows.find(({ id }) => {
      const reading = this.#read(id);
      return !reading.success || isWanted(reading.data);
    });
    return first === undefined ? null : Math.max(0, first.due_at - this.#clock());
  }

  /** Whether a job waits to be taken, be it now or later. */
  hasWaiting(): boolean {
    return this.#db.prepare("SELECT 1 FROM jobs WHERE state = 'queued' LIMIT 1").get() !== undefined;
  }

  /** Everything in the queue, oldest first. */
  list(): readonly QueuedJob[] {
    return listIn(this.#db);
  }

  /** The jobs that were given up and have not succeeded since, oldest first. */
  failed(): readonly { readonly job: unknown; readonly error: string }[] {
    return this.list().flatMap(({ state, job, error }) => (state === 'failed' ? [{ job, error: error ?? '' }] : []));
  }

  /** The job is done, and with it every earlier try at the same one that was given up. */
  finish(id: number): void {
    this.#db
      .prepare("DELETE FROM jobs WHERE id = @id OR (state = 'failed' AND job = (SELECT job FROM jobs WHERE id = @id))")
      .run({ id });
  }

  /**
   * Puts a job off, longer after each attempt, or gives it up after its last. Returns what became of it.
   * @param comeBackAt UTC milliseconds, when the other side said when to come back: that is no fault of the job and costs no attempt
   */
  fail(id: number, error: string, comeBackAt: number | null = null): 'queued' | 'failed' {
    return this.#db.transaction(() => {
      const { attempts, refusals } = this.#db.prepare('SELECT attempts, refusals FROM jobs WHERE id = ?').get(id) as {
        attempts: number;
        refusals: number;
      };
      if (comeBackAt !== null && refusals < REFUSALS_MAX) {
        this.#db
          .prepare(
            "UPDATE jobs SET state = 'queued', attempts = attempts - 1, refusals = refusals + 1, error = ?, due_at = ? WHERE id = ?",
          )
          .run(error, comeBackAt, id);
        return 'queued';
      }
      const pauseMs = this.#pausesMs[attempts - 1];
      if (pauseMs === undefined) {
        this.#giveUp(id, error);
        return 'failed';
      }
      this.#db
        .prepare("UPDATE jobs SET state = 'queued', error = ?, due_at = ? WHERE id = ?")
        .run(error, this.#clock() + pauseMs, id);
      return 'queued';
    })();
  }

  /** One at a time: the texts of all that may wait need not fit into memory. */
  #read(id: number): ReturnType<typeof Job.safeParse> {
    return Job.safeParse(JSON.parse(this.#db.prepare('SELECT job FROM jobs WHERE id = ?').pluck().get(id) as string));
  }

  /** What a process had begun when it ended is begun again; what ended one too often may not end every other. */
  #putBack(): void {
    const why = `The bot ended ${ENDS_MAX} times while it did this.`;
    this.#db
      .prepare("UPDATE jobs SET state = 'failed', error = ?, due_at = ? WHERE state = 'running' AND attempts >= ?")
      .run(why, this.#clock(), ENDS_MAX);
    this.#db.exec("UPDATE jobs SET state = 'queued' WHERE state = 'running'");
  }

  #giveUp(id: number, error: string): void {
    this.#db.prepare("UPDATE jobs SET state = 'failed', error = ?, due_at = ? WHERE id = ?").run(error, this.#clock(), id);
  }

  /** What is too old to matter goes, at most once an hour. Pull requests and branches keep their one line each. */
  #prune(): void {
    const now = this.#clock();
    if (now - this.#prunedAt < PRUNE_EVERY_MS) return;
    this.#prunedAt = now;
    const before = now - REMEMBERED_MS;
    this.#db.prepare('DELETE FROM deliveries WHERE at < ?').run(before);
    // They are taken until they are REMEMBERED_MS old, by the forge's clock, so what was seen of them is kept longer than that.
    this.#db
      .prepare(
        "DELETE FROM sightings WHERE (key LIKE 'comment:%' OR key LIKE 'edit:%' OR key LIKE 'ref:refs/heads/gh-readonly-queue/%') AND at < ?",
      )
      .run(before - REMEMBERED_MS);
    this.#db.prepare("DELETE FROM jobs WHERE state = 'failed' AND due_at < ?").run(before);
  }

  close(): void {
    this.#db.close();
  }
}

/** A look at a queue from any process, while the bot works on it: everything in it, oldest first. */
export function readQueue(path: string): readonly QueuedJob[] {
  const db = new Database(path, { readonly: true, fileMustExist: true });
  try {
    return listIn(db);
  } finally {
    db.close();
  }
}

function listIn(db: Database.Database): readonly QueuedJob[] {
  const rows = db.prepare('SELECT id, job, state, attempts, error, due_at FROM jobs ORDER BY id').all() as ListedRow[];
  return rows.map(({ job, due_at: dueAt, ...rest }) => ({ ...rest, job: JSON.parse(job) as unknown, dueAt }));
}

/** Each step from the version before; the first is what the first version of this file made. */
const MIGRATIONS = [
  `CREATE TABLE IF NOT EXISTS deliveries (id TEXT PRIMARY KEY, event TEXT NOT NULL) STRICT;
   CREATE TABLE IF NOT EXISTS jobs (
     id INTEGER PRIMARY KEY,
     job TEXT NOT NULL,
     state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'failed')),
     attempts INTEGER NOT NULL DEFAULT 0,
     error TEXT
   ) STRICT;`,
  `ALTER TABLE deliveries ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
   UPDATE deliveries SET at = unixepoch() * 1000;
   ALTER TABLE jobs ADD COLUMN due_at INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE jobs ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0;
   UPDATE jobs SET due_at = unixepoch() * 1000 WHERE state = 'failed';
   CREATE TABLE sightings (key TEXT PRIMARY KEY, state TEXT NOT NULL, at INTEGER NOT NULL) STRICT;`,
  // Every job is compared with all that wait: without these ten thousand of them take minutes.
  `CREATE INDEX jobs_by_text ON jobs (job);
   CREATE INDEX jobs_by_state ON jobs (state, due_at);`,
  // With the text alone SQLite preferred the other index, and looked through all that wait for each that came.
  `DROP INDEX jobs_by_text;
   CREATE INDEX jobs_by_text ON jobs (job, state);`,
] as const;

function migrate(db: Database.Database): void {
  const version = db.pragma('user_version', { simple: true }) as number;
  for (const [index, step] of MIGRATIONS.entries()) {
    if (index < version) continue;
    db.transaction(() => {
      db.exec(step);
      db.pragma(`user_version = ${index + 1}`);
    })();
  }
}
