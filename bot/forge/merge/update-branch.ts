import type { Actor, Author } from '#bot/forge/auth/actor.ts';
import { type ForgeContext, gitDirOf } from '#bot/forge/context.ts';
import { isAncestor, writeCommit } from '#bot/forge/git/commits.ts';
import { readRef } from '#bot/forge/git/references.ts';
import { mergeTrees } from '#bot/forge/git/trees.ts';
import { ApiError, notFound } from '#bot/forge/http/api-error.ts';
import { emailOf } from '#bot/forge/present/commit.ts';
import { judgeRefChange, refusalMessage } from '#bot/forge/protection/judge-ref-change.ts';
import { pullByNumber } from '#bot/forge/queries/issues.ts';
import type { RepositoryRow } from '#bot/forge/queries/rows.ts';
import { moveReference } from '#bot/forge/refs/move-reference.ts';

/** Merges the newest base into the head of a pull request ("Update branch"). 422 when the head is not the one expected, or in conflict. */
export function updateBranch(
  forge: ForgeContext,
  repository: RepositoryRow,
  actor: Actor,
  author: Author,
  number: number,
  expectedHead: string | null,
): Promise<void> {
  return forge.locks.run(repository.id, async () => {
    const pull = pullByNumber(forge.database, repository.id, number);
    if (pull === undefined || pull.state === 'closed') throw notFound();
    if (expectedHead !== null && expectedHead !== pull.head_sha) {
      throw new ApiError(422, "expected head sha didn't match current head ref.");
    }
    const gitDir = gitDirOf(forge, repository);
    const base = await readRef(gitDir, `refs/heads/${pull.base_ref}`);
    if (base === null) throw notFound();
    if (await isAncestor(gitDir, base, pull.head_sha)) throw new ApiError(422, 'There are no new commits on the base branch.');
    const merged = await mergeTrees(gitDir, pull.head_sha, base);
    if (merged.kind === 'conflict') throw new ApiError(422, 'merge conflict between base and head');
    const atSeconds = Math.floor(forge.clock() / 1000);
    const after = await writeCommit(gitDir, {
      tree: merged.tree,
      parents: [pull.head_sha, base],
      author: { name: author.user.login, email: emailOf(author.user), atSeconds, zone: '+0000' },
      committer: { name: 'Forge', email: 'noreply@forge.localhost', atSeconds, zone: '+0000' },
      message: `Merge branch '${pull.base_ref}' into ${pull.head_ref}`,
    });
    const change = { ref: `refs/heads/${pull.head_ref}`, before: pull.head_sha, after };
    const verdict = judgeRefChange(forge, repository, actor, change);
    if (verdict.kind === 'refused') throw new ApiError(403, refusalMessage(verdict));
    if (!(await moveReference(forge, repository, author, change)))
      throw new ApiError(422, "expected head sha didn't match current head ref.");
  });
}
