import { Command } from 'commander';
import { RatchetError } from '#engine/errors.ts';
import { newestBackup } from '#engine/store/backups.ts';
import { fullCheck } from '#engine/store/integrity.ts';
import { openForReading } from '#engine/store/open-database.ts';
import { inspectStore } from '#engine/store/write-backup.ts';
import { workspaceAt } from './up/workspace.ts';

interface Finding {
  readonly what: string;
  /** Empty when all is well. */
  readonly wrong: readonly string[];
}

/** `ratchet engine verify`: whether what the engine has on disk is whole. Reads all of it, and exits with 1 when something is off. */
export function engineVerifyCommand(): Command {
  return new Command('verify')
    .description(
      'Read the whole store and its newest backup, and say whether they are as they should be; works while the engine runs.',
    )
    .option('--workspace <dir>', 'the workspace', 'var')
    .option('--json', 'one JSON array')
    .action((flags: { workspace: string; json?: boolean }) => {
      const findings = verifyEngine(workspaceAt(flags.workspace).engine);
      console.log(flags.json === true ? JSON.stringify(findings) : findings.map(inWords).join('\n'));
      process.exitCode = findings.every(({ wrong }) => wrong.length === 0) ? 0 : 1;
    });
}

function verifyEngine(dir: string): readonly Finding[] {
  const backup = newestBackup(dir);
  return [
    { what: 'the store', wrong: looking(() => storeIn(dir)) },
    ...(backup === null ? [] : [{ what: `the newest backup, ${backup.file}`, wrong: looking(() => inspectStore(backup.file)) }]),
  ];
}

function storeIn(dir: string): readonly string[] {
  const database = openForReading(dir);
  try {
    return fullCheck(database);
  } finally {
    database.close();
  }
}

function looking(look: () => unknown): readonly string[] {
  try {
    const found = look();
    return Array.isArray(found) ? found : [];
  } catch (error) {
    if (!(error instanceof RatchetError)) throw error;
    return [`${error.message} ${error.remedy}`];
  }
}

function inWords({ what, wrong }: Finding): string {
  return wrong.length === 0 ? `✔ ${what} is whole` : [`✘ ${what}:`, ...wrong.map((one) => `    ${one}`)].join('\n');
}
