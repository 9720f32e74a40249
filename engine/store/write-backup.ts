import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import Database from 'better-sqlite3';
import { RatchetError } from '#engine/errors.ts';
import { digestFile } from './backups.ts';
import { fullCheck } from './integrity.ts';
import { migrations } from './schema.ts';

/** What a file that holds a whole store is. */
export interface StoreFacts {
  readonly file: string;
  /** How many migrations it has been through. */
  readonly version: number;
  readonly bytes: number;
  /** SHA-256, hexadecimal. */
  readonly digest: string;
  /** Market time up to which it goes, UTC milliseconds; null before the first bar. */
  readonly marketTime: number | null;
}

/**
 * Writes all that is committed at this moment into one file, while others go on writing: on disk, with its digest beside it, or not there
 * at all. SQLite copies page by page from one snapshot and leaves what is free behind. What was written is read again, all of it, before it has its name.
 * @throws RatchetError `store/no-backup` when there is no room, no right to write, or a file there already
 */
export function writeBackup(database: Database.Database, file: string): StoreFacts {
  const partial = `${file}.partial`;
  if (existsSync(file)) throw noBackup(file, 'it is there already');
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    rmSync(partial, { force: true });
    database.prepare('VACUUM INTO ?').run(partial);
    // SQLite does not wait for the disk here.
    syncToDisk(partial);
    const facts = inspectStore(partial, Number(database.pragma('user_version', { simple: true })));
    writeFileSync(digestFile(file), `${facts.digest}  ${basename(file)}\n`, { mode: 0o600, flush: true });
    renameSync(partial, file);
    syncToDisk(dirname(file));
    return { ...facts, file };
  } catch (error) {
    rmSync(partial, { force: true });
    throw noBackup(file, error instanceof Error ? error.message : String(error), error);
  }
}

/**
 * Reads a whole file and says what it is.
 * @param known the newest version there is
 * @throws RatchetError `store/bad-backup` when it is no store, damaged, newer than this Ratchet, or other than the digest beside it says
 */
export function inspectStore(file: string, known: number = migrations.length): StoreFacts {
  try {
    const digest = digestOf(file);
    const noted = notedDigest(file);
    if (noted !== null && noted !== digest) throw new Error(`its digest is ${digest}, and ${digestFile(file)} says ${noted}`);
    const database = new Database(file, { readonly: true, fileMustExist: true });
    try {
      const version = Number(database.pragma('user_version', { simple: true }));
      if (version === 0) throw new Error('it is no store of an engine');
      if (version > known) throw new Error(`it was written by a newer Ratchet (version ${version}, this one knows ${known})`);
      const wrong = fullCheck(database);
      if (wrong.length > 0) throw new Error(wrong.join('; '));
      const feed = database.prepare("SELECT value FROM meta WHERE key = 'feed'").pluck().get() ?? null;
      return { file, version, bytes: statSync(file).size, digest, marketTime: feed === null ? null : Number(feed) };
    } finally {
      database.close();
    }
  } catch (error) {
    throw new RatchetError(
      'store/bad-backup',
      `${file} cannot be used as a store: ${error instanceof Error ? error.message : String(error)}.`,
      'Take another backup; nothing was changed.',
      { file },
      error,
    );
  }
}

/** SHA-256 of a file, hexadecimal, read in portions. */
export function digestOf(file: string): string {
  const hash = createHash('sha256');
  const portion = Buffer.allocUnsafe(1 << 20);
  const descriptor = openSync(file, 'r');
  try {
    for (;;) {
      const length = readSync(descriptor, portion);
      if (length === 0) return hash.digest('hex');
      hash.update(portion.subarray(0, length));
    }
  } finally {
    closeSync(descriptor);
  }
}

/** What the file beside it says its digest is; null when there is no such file, as with one that was brought from elsewhere. */
export function notedDigest(file: string): string | null {
  if (!existsSync(digestFile(file))) return null;
  return readFileSync(digestFile(file), 'utf8').split(/\s/)[0] ?? '';
}

/** Of a file or a folder: what was written, or renamed in it, outlives a loss of power. */
export function syncToDisk(path: string): void {
  const descriptor = openSync(path, statSync(path).isDirectory() ? 'r' : 'r+');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function noBackup(file: string, why: string, cause?: unknown): RatchetError {
  return new RatchetError(
    'store/no-backup',
    `No backup could be written to ${file}: ${why}`,
    'Make room or name another place; the store was not touched.',
    { file },
    cause,
  );
}
