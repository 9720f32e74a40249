import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { RatchetError } from '#engine/errors.ts';
import { backupFile, dropOldBackups, newestBackup } from './backups.ts';
import { damaged, isDamage, quickCheck } from './integrity.ts';
import { migrations } from './schema.ts';
import { writeBackup } from './write-backup.ts';

export function storePath(dir: string): string {
  return join(dir, 'engine.sqlite');
}

/** Stands in the engine's folder while a restore is under way, and says from which backup: what lies there then is no whole store. */
export function restoringPath(dir: string): string {
  return join(dir, 'engine.restoring');
}

/**
 * Opens the store for its one writer: looks whether it is whole, and creates or migrates it. Before a migration a backup is made of what
 * was there. What it commits is on disk before it says so.
 * @param clock wall-clock time, UTC milliseconds
 * @param steps how a store is taken forward, one version each
 * @throws RatchetError `store/damaged`, `store/gone`, `store/half-restored`, `store/newer`, `store/no-backup`, `store/migration-failed`
 */
export function openForWriting(
  dir: string,
  clock: () => number = Date.now,
  steps: readonly string[] = migrations,
): Database.Database {
  mkdirSync(dir, { recursive: true });
  const path = storePath(dir);
  assertNotRestoring(dir);
  assertNotGone(dir);
  return guarded(dir, () => {
    const database = new Database(path, { timeout: 10_000 });
    return closingOnError(database, () => {
      const wrong = quickCheck(database);
      if (wrong.length > 0) throw damaged(dir, path, wrong.join('; '));
      database.pragma('journal_mode = WAL');
      database.pragma('synchronous = FULL');
      database.pragma('foreign_keys = ON');
      const version = versionOf(database);
      assertKnown(version, path, version, steps.length);
      if (version < steps.length) migrate(database, dir, version, steps, clock());
    });
  });
}

/**
 * Opens the store to look at it, while the engine runs or after. Throws `store/absent` when no engine has run here.
 * @param patienceMs how long any look waits while another process keeps readers out; nothing else of this process goes on meanwhile
 */
export function openForReading(dir: string, patienceMs = 10_000): Database.Database {
  const path = storePath(dir);
  assertNotRestoring(dir);
  if (!existsSync(path)) {
    throw new RatchetError('store/absent', `No engine has run in ${dir} yet.`, 'Start one with ratchet up.', { dir });
  }
  return guarded(dir, () => {
    const database = new Database(path, { readonly: true, fileMustExist: true, timeout: patienceMs });
    return closingOnError(database, () => assertKnown(versionOf(database), path, migrations.length, migrations.length));
  });
}

/** All steps or none of them. The lock on the folder says that nobody else is at it. */
function migrate(database: Database.Database, dir: string, from: number, steps: readonly string[], now: number): void {
  const path = storePath(dir);
  const backup = from === 0 ? null : backupFile(dir, `before-v${steps.length}`, now);
  if (backup !== null) writeBackup(database, backup);
  let version = from;
  try {
    database.exec('BEGIN IMMEDIATE');
    for (const step of steps.slice(from)) {
      database.exec(step);
      version += 1;
      database.pragma(`user_version = ${version}`);
    }
    database.exec('COMMIT');
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK');
    const why = error instanceof Error ? error.message : String(error);
    throw new RatchetError(
      'store/migration-failed',
      `${path} could not be taken from version ${from} to ${steps.length}, at ${version + 1}: ${why}. It is as it was${backup === null ? '' : `, and ${backup} holds the same`}.`,
      'Make room if it is full; otherwise go on with the Ratchet that wrote it.',
      { path, from, at: version + 1, backup },
      error,
    );
  }
  if (backup !== null) dropOldBackups(dir);
}

export function versionOf(database: Database.Database): number {
  return Number(database.pragma('user_version', { simple: true }));
}

/** @param known the newest version there is */
export function assertKnown(version: number, path: string, expected: number, known: number): void {
  if (version > known) {
    throw new RatchetError(
      'store/newer',
      `${path} was written by a newer Ratchet (version ${version}, this one knows ${known}).`,
      'Use that version; nothing was changed.',
      { version },
    );
  }
  if (version < expected) {
    throw new RatchetError(
      'store/older',
      `${path} has version ${version} and waits for its engine to migrate it.`,
      'Start the engine once.',
      {
        version,
      },
    );
  }
}

function closingOnError(database: Database.Database, work: () => void): Database.Database {
  try {
    work();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function assertNotRestoring(dir: string): void {
  if (!existsSync(restoringPath(dir))) return;
  throw new RatchetError(
    'store/half-restored',
    `A restore in ${dir} was interrupted: what lies there is no whole store.`,
    'Run the same ratchet restore again; what it replaces was put aside before.',
    { dir },
  );
}

/** A store that has vanished is not begun anew in silence: it held what was ordered, halted and owned. */
function assertNotGone(dir: string): void {
  const path = storePath(dir);
  const backup = newestBackup(dir);
  if (backup === null || (existsSync(path) && statSync(path).size > 0)) return;
  throw new RatchetError(
    'store/gone',
    `There is no store at ${path}, but there are backups of one.`,
    `Take the newest back with ratchet restore ${backup.file}, or move the backups away to begin anew.`,
    { path, backup: backup.file },
  );
}

function guarded(dir: string, open: () => Database.Database): Database.Database {
  const path = storePath(dir);
  try {
    return open();
  } catch (error) {
    if (error instanceof RatchetError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    if (isDamage(error)) throw damaged(dir, path, why, error);
    throw new RatchetError(
      'store/unreadable',
      `The engine's store ${path} cannot be opened: ${why}.`,
      'Check the disk and the rights on the folder; keep the file for a look before anything else.',
      { path },
      error,
    );
  }
}
