import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { stringify } from 'yaml';
import { EVALUATION_PATH, type Evaluation } from '#bot/evidence/evaluation.ts';
import {
  createKeyPair,
  KEYS_PATH,
  type KeyPurpose,
  loadPrivateKey,
  type PublicKeyEntry,
  publicKeyEntry,
  savePrivateKey,
} from '#engine/attestation/keys.ts';

/** What a deployment repository starts with, taken from a checkout of Ratchet. */
const TAKEN_FOLDERS = ['strategies', 'policies'] as const;

export interface DeploymentFilesTask {
  /** The checkout that `ratchet` runs from. */
  readonly source: string;
  readonly evaluation: Evaluation;
  /** The keys that count there. */
  readonly keys: readonly PublicKeyEntry[];
}

/** Files of a repository, by path from its root with `/` between. */
export type RepositoryFiles = ReadonlyMap<string, Uint8Array>;

/**
 * What makes a repository one that is deployed from: the strategies and policies of the checkout, what evidence is made from,
 * whose keys count, and a page that says what it is.
 */
export function deploymentFiles({ source, evaluation, keys }: DeploymentFilesTask): RepositoryFiles {
  const files = new Map<string, Uint8Array>();
  for (const folder of TAKEN_FOLDERS)
    for (const path of filesUnder(join(source, folder)))
      files.set(relative(source, path).split(sep).join('/'), readFileSync(path));
  files.set(KEYS_PATH, Buffer.from(`# Whose signatures the engine believes.\n${stringify({ keys })}`));
  files.set(
    EVALUATION_PATH,
    Buffer.from(`# What evidence is made from. Written when the workspace was made.\n${stringify(evaluation)}`),
  );
  files.set('README.md', Buffer.from(README));
  return files;
}

/** The public half of the key at `path`, which is made when it is not there. */
export async function keyEntryAt(path: string, purpose: KeyPurpose): Promise<PublicKeyEntry> {
  if (!existsSync(path)) await savePrivateKey(path, createKeyPair());
  return publicKeyEntry(await loadPrivateKey(path), purpose);
}

function filesUnder(folder: string): readonly string[] {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

const README = `# Strategies

What stands under \`strategies/\` on main is what trades; what stands under \`policies/\` says what may.
Changes come as pull requests that carry their evidence. Merging one deploys it.
`;
