import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Person, Repository } from '#engine/repository/repository.ts';
import { StateBranch } from '#engine/repository/state-branch.ts';

export interface ThrowAway {
  readonly repository: Repository;
  readonly state: StateBranch;
}

/**
 * A copy of the deployment's branches with a remote of its own, gone when the work is done. Everything a gate does to a canary, down to
 * an opening of the vault, is done there: no commit, line or statement of it reaches the deployment.
 * @param source its mirror as it was last fetched
 */
export async function withThrowAway<T>(
  source: Repository,
  options: { readonly author: Person; readonly clock: () => number },
  work: (copy: ThrowAway) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'ratchet-canary-'));
  try {
    const remote = await Repository.openMirror({ dir: join(folder, 'remote.git'), remoteUrl: source.dir });
    await remote.fetch();
    const repository = await Repository.openMirror({ dir: join(folder, 'mirror.git'), remoteUrl: remote.dir });
    await repository.fetch();
    return await work({ repository, state: await StateBranch.open({ repository, ...options }) });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
