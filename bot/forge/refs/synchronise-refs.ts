import type { Author } from '#bot/forge/auth/actor.ts';
import { type ForgeContext, gitDirOf } from '#bot/forge/context.ts';
import { updateRow } from '#bot/forge/database/write-row.ts';
import { listRefs, moveRef, noCommit } from '#bot/forge/git/references.ts';
import type { RefChange } from '#bot/forge/protection/judge-ref-change.ts';
import { repositoryById, userById } from '#bot/forge/queries/accounts.ts';
import { intentsOf, knownRefs, writeRef } from '#bot/forge/queries/references.ts';
import type { IntentRow, RepositoryRow } from '#bot/forge/queries/rows.ts';
import { applyPullEffects, findPullEffects } from './pull-effects.ts';
import { preparePush, tellPush } from './tell-push.ts';

export interface AuthoredChange extends RefChange {
  author: Author;
  /** The pull request whose merge this is. */
  mergeIssueId: number | null;
}

/**
 * Brings the database level with git: every reference that differs from what was last told is told now (push, create, delete), pull requests
 * follow their branches (synchronize, closed, merged), all in one transaction. It is the only way a moved reference is noticed, whether it
 * was moved by a push, the API or a merge, before a crash or after it. Call with the repository's lock held.
 */
export async function synchroniseRefs(forge: ForgeContext, repository: RepositoryRow): Promise<void> {
  const gitDir = gitDirOf(forge, repository);
  const actual = await listRefs(gitDir);
  const changes = differences(knownRefs(forge.database, repository.id), actual).map((change) =>
    authored(forge, repository, intentsOf(forge.database, repository.id), change),
  );
  if (changes.length > 0) {
    const pushes = await Promise.all(changes.map((change) => preparePush(forge, repository, actual, change)));
    const effects = await findPullEffects(forge, repository, actual, changes);
    forge.database.transaction(() => {
      const now = forge.clock();
      for (const change of changes)
        writeRef(forge.database, repository.id, change.ref, change.after === noCommit ? null : change.after);
      updateRow(forge.database, 'repositories', 'id', repository.id, { pushed_at: now, updated_at: now });
      const fresh = repositoryById(forge.database, repository.id);
      for (const push of pushes) tellPush(forge, fresh, push);
      applyPullEffects(forge, fresh, effects);
    })();
  }
  await keepPullHeads(forge, repository, actual);
}

function differences(known: ReadonlyMap<string, string>, actual: ReadonlyMap<string, string>): RefChange[] {
  const changes: RefChange[] = [];
  for (const [ref, after] of actual) {
    const before = known.get(ref) ?? noCommit;
    if (!ref.startsWith('refs/pull/') && before !== after) changes.push({ ref, before, after });
  }
  for (const [ref, before] of known) {
    if (!actual.has(ref)) changes.push({ ref, before, after: noCommit });
  }
  return changes;
}

/** Who moved it: the intent that names this move, or else the newest one for the reference; without any, the owner. */
function authored(
  forge: ForgeContext,
  repository: RepositoryRow,
  intents: readonly IntentRow[],
  change: RefChange,
): AuthoredChange {
  const named = intents.filter((intent) => intent.ref === change.ref);
  const intent = named.find((candidate) => candidate.after_sha === change.after) ?? named.at(-1);
  if (intent === undefined) {
    return { ...change, author: { user: userById(forge.database, repository.owner_id), appId: null }, mergeIssueId: null };
  }
  return {
    ...change,
    author: { user: userById(forge.database, intent.actor_id), appId: intent.app_id },
    mergeIssueId: intent.after_sha === change.after ? intent.merge_issue_id : null,
  };
}

/** `refs/pull/N/head` names each pull request's head, as on GitHub; it also keeps the commits when the branch is gone. */
async function keepPullHeads(forge: ForgeContext, repository: RepositoryRow, actual: ReadonlyMap<string, string>): Promise<void> {
  const pulls = forge.database
    .prepare<[number], { number: number; head_sha: string }>(
      'SELECT issues.number, pulls.head_sha FROM pulls JOIN issues ON issues.id = pulls.issue_id WHERE pulls.repository_id = ?',
    )
    .all(repository.id);
  for (const pull of pulls) {
    const ref = `refs/pull/${pull.number}/head`;
    const before = actual.get(ref) ?? noCommit;
    if (before !== pull.head_sha) await moveRef(gitDirOf(forge, repository), ref, pull.head_sha, before);
  }
}
