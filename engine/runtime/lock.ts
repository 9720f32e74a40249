import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';
import { enginePaths } from './options.ts';

const Holder = z.strictObject({ pid: z.int().positive(), since: z.string() });
export type Holder = z.infer<typeof Holder>;

/** Longest wait for a reader that is just asking who holds the lock. */
const patienceMs = 1_000;

export interface Lock {
  release(): void;
}

/**
 * One engine on one folder. The lock is an open exclusive transaction: the operating system drops it with the process,
 * however that ends, so nothing stale is ever left to judge. The file beside it only says who holds it.
 * @throws RatchetError `engine/locked`, naming the process; `engine/no-lock` where the lock cannot be kept
 */
export function acquireLock(dir: string, clock: () => number): Lock {
  const { holder } = enginePaths(dir);
  const database = openLock(dir);
  try {
    database.exec('BEGIN EXCLUSIVE');
    writeFileSync(holder, JSON.stringify({ pid: process.pid, since: new Date(clock()).toISOString() }));
  } catch (error) {
    database.close();
    throw isBusy(error) ? locked(dir, error) : noLock(dir, error);
  }
  return {
    release: () => {
      try {
        rmSync(holder, { force: true });
      } catch {
        // On a disk that takes nothing any more it stays, and does no harm: the lock itself is what counts.
      }
      database.exec('ROLLBACK');
      database.close();
    },
  };
}

/** Who runs an engine on this folder right now; null when nobody does, `unknown` in the moment before it has said so. */
export function lockHolder(dir: string): Holder | 'unknown' | null {
  const { lock } = enginePaths(dir);
  if (!existsSync(lock)) return null;
  const database = new Database(lock, { timeout: 0, readonly: true });
  try {
    database.prepare('SELECT count(*) FROM sqlite_master').get();
    return null;
  } catch (error) {
    if (!isBusy(error)) throw error;
    return readHolder(dir) ?? 'unknown';
  } finally {
    database.close();
  }
}

function openLock(dir: string): Database.Database {
  const { lock } = enginePaths(dir);
  try {
    mkdirSync(dir, { recursive: true });
    const database = new Database(lock, { timeout: patienceMs });
    try {
      // SQLite opens what it may only read without a word, and an exclusive transaction on that excludes nobody.
      accessSync(lock, constants.R_OK | constants.W_OK);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    throw noLock(dir, error);
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code === 'SQLITE_BUSY';
}

/** A folder in the way, a disk that is full or not ours, a lock file that is something else. */
function noLock(dir: string, cause: unknown): RatchetError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new RatchetError(
    'engine/no-lock',
    `The folder ${dir} cannot be locked: ${why}.`,
    'Work as its owner, mend what is named, or give another folder.',
    { dir },
    cause,
  );
}

function readHolder(dir: string): Holder | null {
  try {
    return Holder.parse(JSON.parse(readFileSync(enginePaths(dir).holder, 'utf8')));
  } catch {
    // The holder is just starting and has not written it yet: the lock itself is what counts.
    return null;
  }
}

function locked(dir: string, cause: unknown): RatchetError {
  const holder = readHolder(dir);
  const who = holder === null ? 'another process' : `process ${holder.pid} (since ${holder.since})`;
  return new RatchetError(
    'engine/locked',
    `Another Ratchet already works on ${dir}: ${who}.`,
    'Stop it first; status and other reading commands work meanwhile.',
    { dir, ...(holder === null ? {} : { pid: holder.pid }) },
    cause,
  );
}
