import type { Actor } from '#bot/forge/auth/actor.ts';
import type { ForgeContext } from '#bot/forge/context.ts';
import { noCommit } from '#bot/forge/git/references.ts';
import type { RepositoryRow } from '#bot/forge/queries/rows.ts';
import { rulesFor } from './branch-rules.ts';
import { unmetCheck } from './required-checks.ts';

/** A reference asked to move: forty zeros before creates, forty zeros after deletes. */
export interface RefChange {
  ref: string;
  before: string;
  after: string;
}

export type RefVerdict = { kind: 'refused'; reason: string } | { kind: 'allowed'; forwardOnly: boolean };

/** Whether this actor may move the reference without a pull request. Whether it is a fast-forward is for git to see. */
export function judgeRefChange(forge: ForgeContext, repository: RepositoryRow, actor: Actor, change: RefChange): RefVerdict {
  const refuse = (reason: string): RefVerdict => ({ kind: 'refused', reason });
  if (change.ref.startsWith('refs/pull/')) return refuse('References under refs/pull are kept by the forge.');
  if (!change.ref.startsWith('refs/heads/')) return { kind: 'allowed', forwardOnly: false };
  const branch = change.ref.slice('refs/heads/'.length);
  const rules = rulesFor(forge, repository, branch, actor);
  if (change.after === noCommit) {
    if (branch === repository.default_branch)
      return refuse('refusing to delete the current branch: the default branch cannot be deleted.');
    return rules.mayDelete ? { kind: 'allowed', forwardOnly: false } : refuse('Cannot delete this protected branch');
  }
  if (change.before === noCommit && !rules.mayCreate) return refuse('Cannot create ref due to creations being restricted.');
  if (!rules.mayUpdate) return refuse('You are not authorized to push to this branch.');
  if (rules.review !== null) return refuse('Changes must be made through a pull request.');
  const unmet = unmetCheck(forge, repository, change.after, rules.requiredChecks);
  return unmet === null ? { kind: 'allowed', forwardOnly: rules.forwardOnly } : refuse(unmet);
}
