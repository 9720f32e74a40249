import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
 * @throws RatchetError `engine/locked`, naming the process
 */
export function acquireLock(dir: string, clock: () => number): Lock {
  mkdirSync(dir, { recursive: true });
  const { lock, holder } = enginePaths(dir);
  const database = new Database(lock, { timeout: patienceMs });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw locked(dir, error);
  }
  writeFileSync(holder, JSON.stringify({ pid: process.pid, since: new Date(clock()).toISOString() }));
  return {
    release: () => {
      rmSync(holder, { force: true });
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
    if (!(error instanceof Database.SqliteError) || error.code !== 'SQLITE_BUSY') throw error;
    return readHolder(dir) ?? 'unknown';
  } finally {
    database.close();
  }
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
