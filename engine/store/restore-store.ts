import { copyFileSync, existsSync, linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import Database from 'better-sqlite3';
import { backupsDir } from './backups.ts';
import { restoringPath, storePath } from './open-database.ts';
import { inspectStore, type StoreFacts, syncToDisk } from './write-backup.ts';

export interface Restored extends StoreFacts {
  /** Folder where what stood there before is kept; null where nothing did. */
  readonly replaced: string | null;
}

/**
 * Puts a backup in the place of the store. What it replaces is put aside first, damaged or not, with what was not yet written back into
 * it. A kill at any instant leaves the old store, the new one, or a folder that every reader and the engine refuse until the restore is run
 * again. Whoever calls holds the lock on the folder.
 * @param beforeReplacing what has to be so before an engine can find what is restored
 * @param now wall-clock time, UTC milliseconds
 * @throws RatchetError `store/bad-backup`, and then nothing was touched
 */
export function restoreStore(dir: string, file: string, now: number, beforeReplacing: () => void = () => undefined): Restored {
  inspectStore(file);
  mkdirSync(dir, { recursive: true });
  const path = storePath(dir);
  const fresh = `${path}.restoring`;
  rmSync(fresh, { force: true });
  copyFileSync(file, fresh);
  // One file, whatever journal it was written with; then what was read is what will stand there.
  const database = new Database(fresh);
  database.pragma('journal_mode = DELETE');
  database.close();
  syncToDisk(fresh);
  const facts = inspectStore(fresh);
  const replaced = putAside(dir, now);
  beforeReplacing();
  const marker = restoringPath(dir);
  writeFileSync(marker, `${file}\n`, { flush: true });
  syncToDisk(dir);
  // A journal that outlived its store would be played into the new one.
  for (const suffix of ['-wal', '-shm', '-journal']) rmSync(`${path}${suffix}`, { force: true });
  renameSync(fresh, path);
  syncToDisk(dir);
  rmSync(marker);
  syncToDisk(dir);
  return { ...facts, file, replaced };
}

function putAside(dir: string, now: number): string | null {
  const path = storePath(dir);
  const parts = [path, `${path}-wal`].filter((part) => existsSync(part));
  if (parts.length === 0) return null;
  const aside = join(backupsDir(dir), `replaced-${new Date(now).toISOString().replaceAll(':', '')}`);
  mkdirSync(aside, { recursive: true, mode: 0o700 });
  for (const part of parts) {
    const kept = join(aside, basename(part));
    // A second name costs no room; where the disk knows no such thing, a copy.
    try {
      linkSync(part, kept);
    } catch {
      copyFileSync(part, kept);
    }
    syncToDisk(kept);
  }
  syncToDisk(aside);
  return aside;
}
