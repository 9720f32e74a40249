import type { Author } from '#bot/forge/auth/actor.ts';
import { type ForgeContext, gitDirOf } from '#bot/forge/context.ts';
import { updateRow } from '#bot/forge/database/write-row.ts';
import { emit } from '#bot/forge/events/emit.ts';
import { isAncestor } from '#bot/forge/git/commits.ts';
import { noCommit } from '#bot/forge/git/references.ts';
import { type PullState, readPullState } from '#bot/forge/merge/pull-state.ts';
import { presentPull } from '#bot/forge/present/pull-request.ts';
import { openPulls, pullById } from '#bot/forge/queries/issues.ts';
import type { PullRow, RepositoryRow } from '#bot/forge/queries/rows.ts';
import type { AuthoredChange } from './synchronise-refs.ts';

/** What a moved branch does to an open pull request. `after` is the row as it will be. */
export type PullEffect = { pull: PullRow; after: PullRow; author: Author; state: PullState } & (
  | { kind: 'merged' }
  | { kind: 'closed' }
  | { kind: 'synchronize'; before: string }
);

/** Finds what the changes do to open pull requests, asking git before the transaction begins. */
export async function findPullEffects(
  forge: ForgeContext,
  repository: RepositoryRow,
  refs: ReadonlyMap<string, string>,
  changes: readonly AuthoredChange[],
): Promise<PullEffect[]> {
  const moved = new Map(changes.map((change) => [change.ref, change]));
  const effects: PullEffect[] = [];
  for (const pull of openPulls(forge.database, repository.id)) {
    const head = moved.get(`refs/heads/${pull.head_ref}`);
    const base = moved.get(`refs/heads/${pull.base_ref}`);
    if (head === undefined && base === undefined) continue;
    const effect = await effectOn(forge, repository, refs, pull, head, base);
    if (effect !== null) effects.push(effect);
  }
  return effects;
}

async function effectOn(
  forge: ForgeContext,
  repository: RepositoryRow,
  refs: ReadonlyMap<string, string>,
  pull: PullRow,
  head: AuthoredChange | undefined,
  base: AuthoredChange | undefined,
): Promise<PullEffect | null> {
  const now = forge.clock();
  const closedBy = (author: Author): PullRow => ({
    ...pull,
    state: 'closed',
    closed_at: now,
    updated_at: now,
    closed_by_id: author.user.id,
  });
  const headSha = head === undefined || head.after === noCommit ? pull.head_sha : head.after;
  if (base !== undefined && base.after !== noCommit && (await isMergedBy(forge, repository, pull, headSha, base))) {
    const after: PullRow = {
      ...closedBy(base.author),
      head_sha: headSha,
      base_sha: base.before,
      merged_at: now,
      merged_by_id: base.author.user.id,
      merge_commit_sha: base.after,
    };
    return { kind: 'merged', pull, after, author: base.author, state: await readPullState(forge, repository, after) };
  }
  const gone = [head, base].find((change) => change?.after === noCommit);
  if (gone !== undefined) {
    const after = closedBy(gone.author);
    return { kind: 'closed', pull, after, author: gone.author, state: await readPullState(forge, repository, after) };
  }
  if (head === undefined) return null;
  const after: PullRow = {
    ...pull,
    head_sha: head.after,
    base_sha: refs.get(`refs/heads/${pull.base_ref}`) ?? pull.base_sha,
    updated_at: now,
  };
  return {
    kind: 'synchronize',
    before: pull.head_sha,
    pull,
    after,
    author: head.author,
    state: await readPullState(forge, repository, after),
  };
}

/** A base that moved to the pull request's own merge, or that now holds its head (pushed by hand), has merged it. */
async function isMergedBy(
  forge: ForgeContext,
  repository: RepositoryRow,
  pull: PullRow,
  headSha: string,
  base: AuthoredChange,
): Promise<boolean> {
  if (base.mergeIssueId === pull.id) return true;
  const gitDir = gitDirOf(forge, repository);
  return (
    (await isAncestor(gitDir, headSha, base.after)) &&
    !(base.before !== noCommit && (await isAncestor(gitDir, headSha, base.before)))
  );
}

/** Writes the effects and tells of them. Inside the caller's transaction. */
export function applyPullEffects(forge: ForgeContext, repository: RepositoryRow, effects: readonly PullEffect[]): void {
  for (const { after, author, state, ...effect } of effects) {
    updateRow(forge.database, 'issues', 'id', after.id, {
      state: after.state,
      closed_at: after.closed_at,
      closed_by_id: after.closed_by_id,
      updated_at: after.updated_at,
    });
    updateRow(forge.database, 'pulls', 'issue_id', after.id, {
      head_sha: after.head_sha,
      base_sha: after.base_sha,
      merged_at: after.merged_at,
      merged_by_id: after.merged_by_id,
      merge_commit_sha: after.merge_commit_sha,
    });
    emit(forge, {
      name: 'pull_request',
      action: effect.kind === 'synchronize' ? 'synchronize' : 'closed',
      repository,
      sender: author.user,
      body: {
        number: after.number,
        pull_request: presentPull(forge, repository, pullById(forge.database, after.id), state),
        ...(effect.kind === 'synchronize' ? { before: effect.before, after: after.head_sha } : {}),
      },
    });
  }
}
