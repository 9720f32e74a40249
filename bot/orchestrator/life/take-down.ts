import type { PullRequest, RepositoryApi } from '#bot/github/repository-api.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash, Repository } from '#engine/repository/repository.ts';
import type { LifeOptions } from './life-options.ts';
import { isKeptBranch } from './stale-branches.ts';

/**
 * Removes a branch that stands exactly at `tip`, in one step with the check that it does: what somebody pushed meanwhile stays.
 * @returns what it came to; `moved` and `refused` leave the branch as it is
 */
export async function takeDown(
  branch: string,
  tip: CommitHash,
  { repository, api }: { repository: Repository; api: RepositoryApi },
): Promise<'removed' | 'gone' | 'moved' | 'refused'> {
  await repository.fetch();
  const standing = (await repository.branches()).find(({ name }) => name === branch);
  if (standing === undefined) return 'gone';
  if (standing.tip !== tip) return 'moved';
  try {
    await repository.pushTogether([{ ref: branch, to: null, expect: tip }]);
    return 'removed';
  } catch (error) {
    if (!(error instanceof RatchetError)) throw error;
    if (error.code === 'repository/moved') return 'moved';
    if (error.code === 'repository/denied') return 'refused';
    // Names that git is not asked for here: the forge takes any, and the check was a moment ago.
    if (error.code !== 'repository/bad-name') throw error;
    await api.deleteBranch(branch);
    return 'removed';
  }
}

/** Removes the branch of a merged pull request. One that cannot be removed is told of, and taken later with those that went stale. */
export async function removeMerged(
  pull: PullRequest,
  mergedBy: string,
  options: Pick<LifeOptions, 'repository' | 'api' | 'botLogin' | 'log'>,
): Promise<void> {
  const { repository, botLogin, log } = options;
  // A branch that people merged among themselves is theirs: it may be one they go on with.
  if (pull.isFromFork || (pull.author !== botLogin && mergedBy !== botLogin)) return;
  try {
    if (await isKeptBranch(pull.headRef, options)) return;
    const tip = await repository.resolve(pull.headSha);
    const end = tip === null ? 'gone' : await takeDown(pull.headRef, tip, options);
    if (end === 'moved') log.warn({ number: pull.number, branch: pull.headRef }, 'A merged branch has newer commits and stays.');
  } catch (error) {
    log.warn({ err: error, number: pull.number, branch: pull.headRef }, 'A merged branch could not be removed.');
  }
}
