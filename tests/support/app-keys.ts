import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomKeys } from '#bot/forge/administration.ts';
import type { AppKeys } from '#bot/forge/context.ts';

const FOLDER = 'RATCHET_TEST_APP_KEYS';

/** Once a run, before its test files (vitest's `globalSetup`): names a folder for the keys, and takes it away at the end. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-app-keys-'));
  process.env[FOLDER] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}

/**
 * RSA keys for the apps of one forge, each app its own. A pair takes a third of a second of computing; so the first forge of a run
 * makes them, and later ones, which know nothing of each other, take the same. Tests that start `ratchet up` have the default: new ones.
 */
export function preparedKeys(): () => AppKeys {
  let next = 0;
  return () => {
    next += 1;
    const file = join(process.env[FOLDER]!, `${next}.json`);
    if (!existsSync(file)) {
      // Another worker may do the same: a whole file appears, whoever is last.
      writeFileSync(`${file}.${process.pid}`, JSON.stringify(randomKeys()), { mode: 0o600 });
      renameSync(`${file}.${process.pid}`, file);
    }
    return JSON.parse(readFileSync(file, 'utf8')) as AppKeys;
  };
}
