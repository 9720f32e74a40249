import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSecretFile } from '#engine/secret-file.ts';

const FILE = 'mask-secret';
const BYTES = 32;

/**
 * What the pseudonyms of this bot follow from, made when it is first asked for, and the same ever after.
 * @param dir the bot's own folder
 * @throws RatchetError `claude/mask-secret`, and `claude/mask-exposed` when others may read it; the disk's own errors
 */
export function maskSecret(dir: string): string {
  const path = join(dir, FILE);
  mkdirSync(dir, { recursive: true });
  try {
    writeFileSync(path, `${randomBytes(BYTES).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  return readSecretFile(path, {
    missing: { code: 'claude/mask-secret', message: `${path} cannot be read.`, remedy: 'Let the bot read it, or remove it.' },
    exposed: { code: 'claude/mask-exposed', what: path, remedy: 'remove it: another one is made, with other pseudonyms' },
  }).trim();
}
