import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A store that has this much room takes what a bar brings, with its journal and the files beside it. */
const roomBytes = 2 ** 20;

/** What keeps a disk from taking what is to be written: it is full, it may not be written, or it fails. */
export type DiskTrouble = 'full' | 'read-only' | 'failing';

const bySystemCode: Readonly<Record<string, DiskTrouble>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EROFS: 'read-only',
  EACCES: 'read-only',
  EPERM: 'read-only',
  EIO: 'failing',
};

/**
 * Told from an error of SQLite or of the system, or from what caused it; null for every other one. Nothing of a transaction that ended so
 * was written, and it may be tried again.
 */
export function diskTrouble(error: unknown): DiskTrouble | null {
  if (!(error instanceof Error)) return null;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  // The journal's index cannot grow where there is no room.
  if (/^SQLITE_(FULL|IOERR_SHM)/.test(code)) return 'full';
  if (/^SQLITE_(READONLY|CANTOPEN|PERM)/.test(code)) return 'read-only';
  if (/^SQLITE_IOERR/.test(code)) return 'failing';
  return bySystemCode[code] ?? diskTrouble(error.cause);
}

/** Writes so much into a folder, to the disk, and takes it away again. @throws what the system says when that cannot be done */
export function assertRoom(dir: string): void {
  const probe = join(dir, 'room.probe');
  try {
    writeFileSync(probe, Buffer.alloc(roomBytes), { flush: true });
  } finally {
    rmSync(probe, { force: true });
  }
}
