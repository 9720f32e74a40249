import { resolve } from 'node:path';
import { Command } from 'commander';
import { minute } from '#bot/evidence/numbers.ts';
import type { ControlMode } from '#engine/runtime/control.ts';
import { holdBackRestored } from '#engine/runtime/hold-back-restored.ts';
import { acquireLock } from '#engine/runtime/lock.ts';
import { backupFile, digestFile } from '#engine/store/backups.ts';
import { openForReading } from '#engine/store/open-database.ts';
import { restoreStore } from '#engine/store/restore-store.ts';
import { type StoreFacts, writeBackup } from '#engine/store/write-backup.ts';
import { workspaceAt } from './up/workspace.ts';

interface BackupFlags {
  workspace: string;
  to?: string;
  json?: boolean;
}

/** `ratchet backup`: everything the engine has recorded, in one file, while it goes on. */
export function backupCommand(): Command {
  return new Command('backup')
    .description("Back the engine's store up into one file, while the engine runs or not. Keys are in no backup.")
    .option('--workspace <dir>', 'the workspace', 'var')
    .option('--to <file>', "where to (default: a new file in the engine's folder backups)")
    .option('--json', 'one JSON object')
    .action((flags: BackupFlags) => {
      const dir = workspaceAt(flags.workspace).engine;
      const database = openForReading(dir);
      try {
        const facts = writeBackup(database, flags.to === undefined ? backupFile(dir, 'by-hand', Date.now()) : resolve(flags.to));
        console.log(
          flags.json === true
            ? JSON.stringify(facts)
            : `Wrote ${facts.file}: ${describe(facts)}.\nIt was read again and is whole; its digest stands in ${digestFile(facts.file)}.\nKeys, candles and the settings of the workspace are not in it.`,
        );
      } finally {
        database.close();
      }
    });
}

/** `ratchet restore FILE`: a backup in the place of the store, while no engine runs. */
export function restoreCommand(): Command {
  return new Command('restore')
    .description("Put a backup in the place of the engine's store. What it replaces is kept; no engine may run.")
    .argument('<file>', 'the backup')
    .option('--workspace <dir>', 'the workspace', 'var')
    .option('--json', 'one JSON object')
    .action((file: string, flags: BackupFlags) => {
      const dir = workspaceAt(flags.workspace).engine;
      const lock = acquireLock(dir, Date.now);
      try {
        let mode: ControlMode = 'paused';
        const restored = restoreStore(dir, resolve(file), Date.now(), () => {
          mode = holdBackRestored(dir, resolve(file), Date.now()).mode;
        });
        const kept =
          restored.replaced === null ? 'Nothing stood there before.' : `What stood there is kept in ${restored.replaced}.`;
        console.log(
          flags.json === true
            ? JSON.stringify(restored)
            : `Restored ${restored.file}: ${describe(restored)}.\n${kept}\nThe engine will start held back (${mode}), and compare it with the venue before anything else. When you have looked: ratchet engine resume`,
        );
      } finally {
        lock.release();
      }
    });
}

function describe({ version, bytes, marketTime }: StoreFacts): string {
  const until = marketTime === null ? 'before the first bar' : `up to the bar that closed at ${minute(marketTime)} UTC`;
  return `version ${version}, ${(bytes / 2 ** 20).toFixed(1)} MiB, ${until}`;
}
