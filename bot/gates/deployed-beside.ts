import type { Neighbour } from '#bot/evidence/build-pack.ts';
import { readVersion } from '#bot/evidence/strategy-version.ts';
import { orNull } from '#bot/evidence/subject.ts';
import type { CommitHash, Repository } from '#engine/repository/repository.ts';
import { strategyFiles } from './context.ts';
import { tradingTrees } from './staleness.ts';

/** The other strategies that trade at a commit, in the order of their ids: what a candidate would run beside. */
export async function deployedBeside(
  repository: Repository,
  commit: CommitHash,
  strategy: string,
): Promise<readonly Neighbour[]> {
  const ids = Object.keys(await tradingTrees(repository, commit, [strategy])).sort();
  return Promise.all(
    ids.map(async (id) => ({
      strategy: id,
      // One that cannot be built is named all the same: the sandbox gate says what is wrong with it.
      version: await orNull(readVersion(id, await strategyFiles(repository, commit, id))),
    })),
  );
}
