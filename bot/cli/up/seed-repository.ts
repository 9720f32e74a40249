import type { Evaluation } from '#bot/evidence/evaluation.ts';
import { adopt } from '#bot/init/adopt.ts';
import { deploymentFiles, keyEntryAt } from '#bot/init/deployment-files.ts';
import type { CommitHash, Person, Repository } from '#engine/repository/repository.ts';
import type { StateBranch } from '#engine/repository/state-branch.ts';

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
 * made from, and the public keys. The owner then adopts each strategy as the first incumbent with a signature.
 */
export async function seedRepository(task: SeedTask): Promise<CommitHash> {
  const { repository, state, ownerKey, clock } = task;
  await repository.fetch();
  const tip = (await repository.resolve('main')) ?? (await firstCommit(task));
  const [first] = await repository.firstParentLog(null, tip);
  if (first !== undefined) {
    const reason = 'The first incumbent of this workspace; evidence starts from here.';
    await adopt({ repository, state, commit: first.commit, ownerKey, verifier: 'ratchet up', reason, clock });
  }
  return tip;
}

async function firstCommit(task: SeedTask): Promise<CommitHash> {
  const { source, evaluation, gateKey, ownerKey, repository } = task;
  const keys = [await keyEntryAt(gateKey, 'gate'), await keyEntryAt(ownerKey, 'owner')];
  const commit = await repository.commit({
    parent: null,
    changes: deploymentFiles({ source, evaluation, keys }),
    message: 'Start with the strategies and policies of this checkout',
    author: task.author,
    date: new Date(task.clock()),
  });
  await repository.push('main', commit, { expect: null });
  return commit;
}
