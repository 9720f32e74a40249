import type { RepositoryApi } from '#bot/github/repository-api.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash, Repository } from '#engine/repository/repository.ts';

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
