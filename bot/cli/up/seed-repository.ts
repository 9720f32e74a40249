import { parseDocument } from 'yaml';
import type { Evaluation } from '#bot/evidence/evaluation.ts';
import { AUTONOMY_PATH, type AutonomyLevel } from '#bot/gates/policies.ts';
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
  /** How far the bot goes by itself on the embedded forge, instead of what the checkout's policy says. */
  readonly autonomy?: AutonomyLevel | undefined;
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
  const files = new Map(deploymentFiles({ source, evaluation, keys }));
  const policy = files.get(AUTONOMY_PATH);
  if (task.autonomy !== undefined && policy !== undefined) files.set(AUTONOMY_PATH, withLevel(policy, task.autonomy));
  const commit = await repository.commit({
    parent: null,
    changes: files,
    message: 'Start with the strategies and policies of this checkout',
    author: task.author,
    date: new Date(task.clock()),
  });
  await repository.push('main', commit, { expect: null });
  return commit;
}

/** The policy with another level for the embedded forge, its comments kept. */
function withLevel(policy: Uint8Array, level: AutonomyLevel): Uint8Array {
  const document = parseDocument(Buffer.from(policy).toString('utf8'));
  document.setIn(['levels', 'embedded'], level);
  return Buffer.from(document.toString());
}
