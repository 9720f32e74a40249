import { canonicalJson } from '#engine/attestation/canonical.ts';
import { sign } from '#engine/attestation/envelope.ts';
import { loadPrivateKey } from '#engine/attestation/keys.ts';
import { createStatement, statementPath } from '#engine/attestation/statement.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash, Repository } from '#engine/repository/repository.ts';
import type { StateBranch } from '#engine/repository/state-branch.ts';

export interface AdoptTask {
  readonly repository: Repository;
  readonly state: StateBranch;
  /** Whose strategies are adopted. */
  readonly commit: CommitHash;
  readonly ownerKey: string;
  /** The command that does it, for the record. */
  readonly verifier: string;
  readonly reason: string;
  readonly clock: () => number;
}

/**
 * Signs, as the owner, every strategy tree of a commit that has no statement yet: the engine runs nothing unsigned, and the first
 * version has nothing to be proven against. Doing it twice signs nothing new.
 * @returns the strategies that were signed now
 * @throws RatchetError `init/no-policies`
 */
export async function adopt(task: AdoptTask): Promise<readonly string[]> {
  const { repository, state, commit, verifier, reason, clock } = task;
  const key = await loadPrivateKey(task.ownerKey);
  const policyTree = await repository.treeOf(commit, 'policies');
  if (policyTree === null) {
    const message = `Commit ${commit.slice(0, 12)} has no policies/.`;
    throw new RatchetError('init/no-policies', message, 'Commit what ratchet init wrote, and push it.', { commit });
  }
  let adopted: string[] = [];
  await state.update('statements: adopt the first strategies', async (current) => {
    // It is called again when somebody else was faster.
    adopted = [];
    const envelopes = new Map<string, Uint8Array>();
    for (const { path } of await repository.listFiles(commit, 'strategies')) {
      const id = path.match(/^strategies\/([^/]+)\/manifest\.yaml$/)?.[1];
      const tree = id === undefined ? null : await repository.treeOf(commit, `strategies/${id}`);
      if (id === undefined || tree === null || (await current.read(statementPath(tree))) !== null) continue;
      const claim = { kind: 'adopted', strategy: id, head: commit, reason } as const;
      const statement = createStatement({ claim, tree, policyTree, verifier, timeVerified: clock() });
      envelopes.set(statementPath(tree), Buffer.from(`${canonicalJson(sign(statement, key))}\n`));
      adopted.push(id);
    }
    return envelopes;
  });
  return adopted;
}
