import type { Author } from '#bot/forge/auth/actor.ts';
import { type ForgeContext, gitDirOf } from '#bot/forge/context.ts';
import { insertRow } from '#bot/forge/database/write-row.ts';
import { moveRef } from '#bot/forge/git/references.ts';
import type { RefChange } from '#bot/forge/protection/judge-ref-change.ts';
import type { RepositoryRow } from '#bot/forge/queries/rows.ts';
import { synchroniseRefs } from './synchronise-refs.ts';

/** Notes who is about to move a reference, and for which pull request; after a crash the next start reads it. */
export function noteIntent(
  forge: ForgeContext,
  repository: RepositoryRow,
  author: Author,
  change: RefChange,
  mergeIssueId: number | null = null,
): number {
  return insertRow(forge.database, 'intents', {
    repository_id: repository.id,
    actor_id: author.user.id,
    app_id: author.appId,
    ref: change.ref,
    before_sha: change.before,
    after_sha: change.after,
    merge_issue_id: mergeIssueId,
    created_at: forge.clock(),
  });
}

export function forgetIntents(forge: ForgeContext, ids: readonly number[]): void {
  for (const id of ids) forge.database.prepare('DELETE FROM intents WHERE id = ?').run(id);
}

/**
 * Moves one reference and tells the world: intent, compare-and-swap in git, then pull requests, events and the known references in one
 * transaction. Call with the repository's lock held. False: the reference was no longer where the caller saw it; nothing changed.
 */
export async function moveReference(
  forge: ForgeContext,
  repository: RepositoryRow,
  author: Author,
  change: RefChange,
  mergeIssueId: number | null = null,
): Promise<boolean> {
  const intent = noteIntent(forge, repository, author, change, mergeIssueId);
  const moved = await moveRef(gitDirOf(forge, repository), change.ref, change.after, change.before);
  // Should telling it fail, the intent stays: the next to look finds the move and whose it was.
  if (moved) await synchroniseRefs(forge, repository);
  forgetIntents(forge, [intent]);
  return moved;
}
