import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { RatchetError } from '#engine/errors.ts';
import { migrations } from './schema.ts';

export function storePath(dir: string): string {
  return join(dir, 'engine.sqlite');
}

/** Opens the store for its one writer, creating or migrating it. What it commits is on disk before it says so. */
export function openForWriting(dir: string): Database.Database {
  mkdirSync(dir, { recursive: true });
  const path = storePath(dir);
  return guarded(path, () => {
    const database = new Database(path, { timeout: 10_000 });
    return closingOnError(database, () => {
      database.pragma('journal_mode = WAL');
      database.pragma('synchronous = FULL');
      database.pragma('foreign_keys = ON');
      migrate(database, path);
    });
  });
}

/** Opens the store to look at it, while the engine runs or after. Throws `store/absent` when no engine has run here. */
export function openForReading(dir: string): Database.Database {
  const path = storePath(dir);
  if (!existsSync(path)) {
    throw new RatchetError('store/absent', `No engine has run in ${dir} yet.`, 'Start one with ratchet up.', { dir });
  }
  return guarded(path, () => {
    const database = new Database(path, { readonly: true, fileMustExist: true, timeout: 10_000 });
    return closingOnError(database, () => assertKnown(versionOf(database), path, migrations.length));
  });
}

function migrate(database: Database.Database, path: string): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    const version = versionOf(database);
    assertKnown(version, path, version);
    for (const [index, migration] of migrations.entries()) {
      if (index < version) continue;
      database.exec(migration);
      database.pragma(`user_version = ${index + 1}`);
    }
    database.exec('COMMIT');
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function versionOf(database: Database.Database): number {
  return Number(database.pragma('user_version', { simple: true }));
}

function assertKnown(version: number, path: string, expected: number): void {
  if (version > migrations.length) {
    throw new RatchetError(
      'store/newer',
      `${path} was written by a newer Ratchet (version ${version}, this one knows ${migrations.length}).`,
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

function guarded(path: string, open: () => Database.Database): Database.Database {
  try {
    return open();
  } catch (error) {
    if (error instanceof RatchetError) throw error;
    throw new RatchetError(
      'store/unreadable',
      `The engine's store ${path} cannot be opened: ${error instanceof Error ? error.message : String(error)}.`,
      'Check the disk and the rights on the folder; keep the file for a look before anything else.',
      { path },
      error,
    );
  }
}
