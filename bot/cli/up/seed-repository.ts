import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { stringify } from 'yaml';
import { EVALUATION_PATH, type Evaluation } from '#bot/evidence/evaluation.ts';
import { canonicalJson } from '#engine/attestation/canonical.ts';
import { sign } from '#engine/attestation/envelope.ts';
import { createKeyPair, loadPrivateKey, publicKeyEntry, savePrivateKey } from '#engine/attestation/keys.ts';
import { createStatement, statementPath } from '#engine/attestation/statement.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash, Person, Repository } from '#engine/repository/repository.ts';
import type { StateBranch } from '#engine/repository/state-branch.ts';

/** What a deployment repository starts with, taken from this checkout. */
const SEEDED_FOLDERS = ['strategies', 'policies'] as const;

export interface SeedTask {
  /** The checkout that `ratchet` runs from. */
  readonly source: string;
  readonly repository: Repository;
  readonly state: StateBranch;
  readonly evaluation: Evaluation;
  readonly gateKey: string;
  readonly ownerKey: string;
  readonly author: Person;
  readonly clock: () => number;
}

/**
 * Makes the first commit of a workspace's repository, once: the strategies and policies of the checkout, what evidence is
 * made from, and the public keys. The owner then adopts each strategy as the first incumbent with a signature, because the
 * engine runs nothing unsigned and the first version has nothing to be proven against.
 */
export async function seedRepository(task: SeedTask): Promise<CommitHash> {
  const { repository } = task;
  await repository.fetch();
  const existing = await repository.resolve('main');
  const commit = existing ?? (await firstCommit(task));
  await adopt(task, commit);
  return commit;
}

async function firstCommit(task: SeedTask): Promise<CommitHash> {
  const files = new Map<string, Uint8Array>();
  for (const folder of SEEDED_FOLDERS)
    for (const path of filesUnder(join(task.source, folder))) files.set(relativePath(task.source, path), readFileSync(path));
  const keys = [await keyEntry(task.gateKey, 'gate'), await keyEntry(task.ownerKey, 'owner')];
  files.set('policies/keys.yaml', Buffer.from(`# Whose signatures the engine believes.\n${stringify({ keys })}`));
  files.set(
    EVALUATION_PATH,
    Buffer.from(`# What evidence is made from. Written when the workspace was made.\n${stringify(task.evaluation)}`),
  );
  files.set('README.md', Buffer.from(README));
  const commit = await task.repository.commit({
    parent: null,
    changes: files,
    message: 'Start with the strategies and policies of this checkout',
    author: task.author,
    date: new Date(task.clock()),
  });
  await task.repository.push('main', commit, { expect: null });
  return commit;
}

/** Signs, as the owner, every strategy tree of the very first commit that has no statement yet. */
async function adopt(task: SeedTask, tip: CommitHash): Promise<void> {
  const [first] = await task.repository.firstParentLog(null, tip);
  if (first === undefined) return;
  const root = first.commit;
  const key = await loadPrivateKey(task.ownerKey);
  const policyTree = await task.repository.treeOf(root, 'policies');
  if (policyTree === null)
    throw new RatchetError('up/no-policies', 'The first commit has no policies/.', 'Remove the workspace and start again.');
  await task.state.update('statements: adopt the first strategies', async (current) => {
    const envelopes = new Map<string, Uint8Array>();
    for (const { path } of await task.repository.listFiles(root, 'strategies')) {
      const id = path.match(/^strategies\/([^/]+)\/manifest\.yaml$/)?.[1];
      const tree = id === undefined ? null : await task.repository.treeOf(root, `strategies/${id}`);
      if (id === undefined || tree === null || (await current.read(statementPath(tree))) !== null) continue;
      const statement = createStatement({
        claim: {
          kind: 'adopted',
          strategy: id,
          head: root,
          reason: 'The first incumbent of this workspace; evidence starts from here.',
        },
        tree,
        policyTree,
        verifier: 'ratchet up',
        timeVerified: task.clock(),
      });
      envelopes.set(statementPath(tree), Buffer.from(`${canonicalJson(sign(statement, key))}\n`));
    }
    return envelopes;
  });
}

async function keyEntry(path: string, purpose: 'gate' | 'owner') {
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

function relativePath(from: string, path: string): string {
  return relative(from, path).split(sep).join('/');
}

const README = `# Strategies

What stands under \`strategies/\` on main is what trades; what stands under \`policies/\` says what may.
Changes come as pull requests that carry their evidence. Merging one deploys it.
`;
