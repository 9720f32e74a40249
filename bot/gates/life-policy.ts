import { z } from 'zod';
import type { CommitHash, Repository } from '#engine/repository/repository.ts';
import { readText } from './context.ts';
import { parsePolicy } from './policies.ts';

export const LIFE_PATH = 'policies/life.yaml';

const Days = z.int().min(1).max(3_650);

/** How pull requests and branches are kept in order: numbers and switches, nothing that decides what may be merged. */
export const LifePolicy = z.strictObject({
  proposals: z.strictObject({
    /** Proposals of the bot that may be open at once, over all strategies. */
    open: z.int().min(1).max(100),
    /** Pull requests the bot may open within an hour. A way back is opened all the same. */
    perHour: z.int().min(1).max(100),
  }),
  branches: z
    .strictObject({
      /** A branch without an open pull request that nobody has touched for so long is listed as stale. */
      staleAfterDays: Days,
      /** From then on it is kept under refs/archive/ and removed as a branch. */
      archiveAfterDays: Days,
      /** Globs of branches that are kept for good. */
      keep: z.array(z.string().min(1).max(200)).max(50),
    })
    .refine(
      ({ staleAfterDays, archiveAfterDays }) => archiveAfterDays > staleAfterDays,
      'a branch is stale for some days before it is archived',
    ),
  /** Whether pull requests wear labels that say where they stand. */
  labels: z.boolean(),
});
export type LifePolicy = z.infer<typeof LifePolicy>;

/**
 * The policy at a commit; null where there is none: then the bot tidies nothing, and nothing but one proposal a strategy is the limit.
 * @throws RatchetError `policy/unreadable`
 */
export async function lifeAt(repository: Repository, commit: CommitHash): Promise<LifePolicy | null> {
  const text = await readText(repository, commit, LIFE_PATH);
  return text === null ? null : parsePolicy(LIFE_PATH, text, LifePolicy);
}
