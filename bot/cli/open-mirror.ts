import { existsSync } from 'node:fs';
import { RatchetError } from '#engine/errors.ts';
import { Repository } from '#engine/repository/repository.ts';
import { StateBranch } from '#engine/repository/state-branch.ts';
import { BOT_PERSON } from './identity.ts';
import { workspaceAt } from './up/workspace.ts';

export interface RepositoryFlags {
  readonly workspace: string;
  readonly repository?: string;
}

/** The repository a reading command looks at: a clone that was named, or the forge's own in the workspace, which is never behind. */
export async function openForReading(flags: RepositoryFlags): Promise<{ repository: Repository; state: StateBranch }> {
  const dir = flags.repository ?? workspaceAt(flags.workspace).repository;
  if (!existsSync(dir)) {
    throw new RatchetError(
      'cli/no-repository',
      `There is no workspace in ${flags.workspace}.`,
      'Run npm start first, or name a clone with --repository.',
    );
  }
  const repository = await Repository.open({ dir });
  return { repository, state: await StateBranch.open({ repository, author: BOT_PERSON, clock: Date.now }) };
}
