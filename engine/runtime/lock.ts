import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';
import { enginePaths } from './options.ts';

const Holder = z.strictObject({ pid: z.int().positive(), since: z.string() });
export type Holder = z.infer<typeof Holder>;

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
  const database = new Database(lock, { timeout: 0 });
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

/** Who runs an engine on this folder right now; null when nobody does. */
export function lockHolder(dir: string): Holder | null {
  const { lock } = enginePaths(dir);
  let database: Database.Database;
  try {
    database = new Database(lock, { timeout: 0, fileMustExist: true });
  } catch {
    // No lock file: no engine has ever started here.
    return null;
  }
  try {
    database.exec('BEGIN EXCLUSIVE; ROLLBACK');
    return null;
  } catch {
    return readHolder(dir) ?? { pid: 1, since: 'unknown' };
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
    `An engine already runs on ${dir}: ${who}.`,
    'Stop it first; status and other reading commands work meanwhile.',
    { dir, ...(holder === null ? {} : { pid: holder.pid }) },
    cause,
  );
}
