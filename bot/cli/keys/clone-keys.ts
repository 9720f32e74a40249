import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { KEY_CHANGES_PATH, NO_KEY_CHANGES, parseKeyChanges, signKeyChange } from '#engine/attestation/key-changes.ts';
import { KEYS_PATH, loadPrivateKey, type PublicKeyEntry, type PublicKeys, parsePublicKeys } from '#engine/attestation/keys.ts';
import { RatchetError } from '#engine/errors.ts';

/** The options of every command that changes keys. */
export interface CloneFlags {
  readonly clone: string;
  readonly ownerKey: string;
}

/** @throws RatchetError `keys/no-clone` or `attestation/bad-keys` */
export function readCloneKeys(clone: string): PublicKeys {
  const path = join(clone, KEYS_PATH);
  if (!existsSync(path)) {
    throw new RatchetError(
      'keys/no-clone',
      `There is no ${KEYS_PATH} in ${clone}.`,
      'Clone the repository that is deployed, and name the clone with --clone.',
      { clone },
    );
  }
  return parsePublicKeys(readFileSync(path, 'utf8'));
}

/**
 * Puts the next set of keys into the clone, with the owner's signature under the step to it.
 * @throws RatchetError `attestation/not-owner` when the key may not; nothing is written then
 */
export async function changeCloneKeys({ clone, ownerKey }: CloneFlags, next: PublicKeys, clock: () => number): Promise<void> {
  const before = readCloneKeys(clone);
  const signature = signKeyChange(before, next, await loadPrivateKey(ownerKey), clock());
  const changesPath = join(clone, KEY_CHANGES_PATH);
  const known = existsSync(changesPath) ? parseKeyChanges(readFileSync(changesPath, 'utf8')) : NO_KEY_CHANGES;
  const keysPath = join(clone, KEYS_PATH);
  const document = parseDocument(readFileSync(keysPath, 'utf8'));
  document.set('keys', document.createNode(next.keys));
  parsePublicKeys(String(document));
  replace(changesPath, `${JSON.stringify({ ...known, changes: [...known.changes, signature] }, null, 2)}\n`);
  replace(keysPath, String(document));
}

/** Whole or not at all. */
function replace(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

/** The one key a shortened id means. @throws RatchetError `keys/unknown` */
export function keyNamed({ keys }: PublicKeys, id: string): PublicKeyEntry {
  const wanted = id.startsWith('sha256:') ? id : `sha256:${id}`;
  const found = keys.filter((key) => key.id.startsWith(wanted));
  const [only] = found;
  if (only !== undefined && found.length === 1 && wanted.length > 'sha256:'.length) return only;
  throw new RatchetError(
    'keys/unknown',
    `${id} names ${found.length === 0 ? 'no key' : `${found.length} keys`} in ${KEYS_PATH}.`,
    'See ratchet keys list.',
    { id },
  );
}

/** What the person does next, in the words of every command that changed a clone. */
export const MERGE_IT = `Commit ${KEYS_PATH} and ${KEY_CHANGES_PATH}, open a pull request and merge it: engines follow, because an owner has signed the step.`;
