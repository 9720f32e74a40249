import { existsSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';

/** As many of those made before a migration are kept. */
const keptBeforeMigrations = 3;
/** `before-v3-2026-11-26T114500.123Z.sqlite`: why it was made, and when; they sort by time within a kind. */
const NAME = /^(before-v\d+|by-hand)-(\d{4}-\d{2}-\d{2}T\d{6}\.\d{3}Z)\.sqlite$/;

/** Why a backup was made: a migration to that version is about to begin, or somebody asked for it. */
export type BackupKind = `before-v${number}` | 'by-hand';

export interface Backup {
  readonly file: string;
  /** UTC, as in its name. */
  readonly time: string;
}

export function backupsDir(dir: string): string {
  return join(dir, 'backups');
}

/** @param now wall-clock time, UTC milliseconds */
export function backupFile(dir: string, kind: BackupKind, now: number): string {
  return join(backupsDir(dir), `${kind}-${new Date(now).toISOString().replaceAll(':', '')}.sqlite`);
}

/** Beside every backup, in the form that `sha256sum --check` reads. */
export function digestFile(file: string): string {
  return `${file}.sha256`;
}

/** The newest backup in an engine's folder, of whatever kind; null when there is none. */
export function newestBackup(dir: string): Backup | null {
  return backups(dir).at(-1) ?? null;
}

/** The newest few made before migrations stay; what somebody asked for stays until somebody removes it. */
export function dropOldBackups(dir: string): void {
  const made = backups(dir).filter(({ file }) => basename(file).startsWith('before-'));
  for (const { file } of made.slice(0, -keptBeforeMigrations)) {
    rmSync(file, { force: true });
    rmSync(digestFile(file), { force: true });
  }
}

/** Oldest first. */
function backups(dir: string): Backup[] {
  if (!existsSync(backupsDir(dir))) return [];
  return readdirSync(backupsDir(dir))
    .flatMap((name) => {
      const match = NAME.exec(name);
      return match === null ? [] : [{ file: join(backupsDir(dir), name), time: match[2]! }];
    })
    .sort((left, right) => (left.time < right.time ? -1 : 1));
}
