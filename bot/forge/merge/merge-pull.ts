import type { Actor, Author } from '#bot/forge/auth/actor.ts';
import { type ForgeContext, gitDirOf } from '#bot/forge/context.ts';
import {
  type Commit,
  commitsBetween,
  isAncestor,
  readCommit,
  readCommits,
  type Signature,
  writeCommit,
} from '#bot/forge/git/commits.ts';
import { readRef } from '#bot/forge/git/references.ts';
import { mergeTrees, replayTree } from '#bot/forge/git/trees.ts';
import { ApiError, notFound } from '#bot/forge/http/api-error.ts';
import { emailOf } from '#bot/forge/present/commit.ts';
import { type BranchRules, rulesFor } from '#bot/forge/protection/branch-rules.ts';
import { ruleViolations } from '#bot/forge/protection/judge-ref-change.ts';
import { unmetCheck } from '#bot/forge/protection/required-checks.ts';
import { unmetReview } from '#bot/forge/protection/reviews.ts';
import { userById } from '#bot/forge/queries/accounts.ts';
import { pullByNumber } from '#bot/forge/queries/issues.ts';
import type { PullRow, RepositoryRow } from '#bot/forge/queries/rows.ts';
import { moveReference } from '#bot/forge/refs/move-reference.ts';
import { synchroniseRefs } from '#bot/forge/refs/synchronise-refs.ts';

export interface MergeRequest {
  number: number;
  method: 'merge' | 'squash' | 'rebase';
  /** The head the caller has seen; null skips the comparison. */
  sha: string | null;
  title: string | null;
  message: string | null;
}

const notMergeable = () => new ApiError(405, 'Pull Request is not mergeable');

/**
 * Merges a pull request and gives the new commit of the base. 409 when the head is not the one named, 405 when it cannot or may not be merged
 * (conflict, draft, closed, a rule of the branch). Nothing is changed when it throws.
 */
export function mergePull(
  forge: ForgeContext,
  repository: RepositoryRow,
  actor: Actor,
  author: Author,
  request: MergeRequest,
): Promise<string> {
  return forge.locks.run(repository.id, async () => {
    // A push may have just ended: see the branches as they are, not as they were.
    await synchroniseRefs(forge, repository);
    const pull = pullByNumber(forge.database, repository.id, request.number);
    if (pull === undefined) throw notFound();
    if (pull.state === 'closed') throw notMergeable();
    if (request.sha !== null && request.sha !== pull.head_sha) {
      throw new ApiError(409, 'Head branch was modified. Review and try the merge again.');
    }
    if (pull.draft === 1) throw new ApiError(405, 'Pull Request is still a draft');
    const gitDir = gitDirOf(forge, repository);
    const ref = `refs/heads/${pull.base_ref}`;
    const base = await readRef(gitDir, ref);
    if (base === null) throw notMergeable();
    if (!rulesFor(forge, repository, pull.base_ref, actor, 'merge', ['rulesets']).mayUpdate)
      throw new ApiError(405, ruleViolations(['Cannot update this protected ref.']));
    const rules = rulesFor(forge, repository, pull.base_ref, actor, 'merge');
    const refusal = await refusalOf(forge, repository, pull, rules, request.method, base);
    if (refusal !== null) throw new ApiError(405, refusal);
    const merged = await buildMerge(forge, repository, pull, author, request, base);
    if (merged === null) throw notMergeable();
    if (!(await moveReference(forge, repository, author, { ref, before: base, after: merged }, pull.id))) {
      throw new ApiError(405, 'Base branch was modified. Review and try the merge again.');
    }
    return merged;
  });
}

async function refusalOf(
  forge: ForgeContext,
  repository: RepositoryRow,
  pull: PullRow,
  rules: BranchRules,
  method: MergeRequest['method'],
  base: string,
): Promise<string | null> {
  if (!rules.mayUpdate) return 'You are not authorized to push to this branch.';
  if (rules.linearHistory && method === 'merge') return 'Merge commits are not allowed on this repository.';
  if (!rules.mergeMethods.has(method))
    return `${method[0]!.toUpperCase()}${method.slice(1)} merges are not allowed on this repository.`;
  const unmet = unmetCheck(forge, repository, pull.head_sha, rules.requiredChecks) ?? unmetReview(forge, repository, pull, rules);
  if (unmet !== null) return unmet;
  if (rules.strict && !(await isAncestor(gitDirOf(forge, repository), base, pull.head_sha))) {
    return 'Head branch is out of date. Review and try the merge again.';
  }
  return null;
}

/** Writes the commits of the merge, pointing no reference at them; null when git finds a conflict or nothing to merge. */
async function buildMerge(
  forge: ForgeContext,
  repository: RepositoryRow,
  pull: PullRow,
  author: Author,
  request: MergeRequest,
  base: string,
): Promise<string | null> {
  const gitDir = gitDirOf(forge, repository);
  const atSeconds = Math.floor(forge.clock() / 1000);
  const signed = (name: string, email: string): Signature => ({ name, email, atSeconds, zone: '+0000' });
  const committer = signed('Forge', 'noreply@forge.localhost');
  const shas = await commitsBetween(gitDir, base, pull.head_sha);
  if (shas.length === 0) return null;
  const commits = await readCommits(gitDir, shas);
  if (request.method === 'rebase') return rebase(gitDir, base, commits, committer);
  const merged = await mergeTrees(gitDir, base, pull.head_sha);
  if (merged.kind === 'conflict') return null;
  const { tree } = merged;
  if (request.method === 'merge') {
    const title = request.title ?? `Merge pull request #${pull.number} from ${repository.owner}/${pull.head_ref}`;
    const message = joined(title, request.message ?? pull.title);
    const merger = signed(author.user.login, emailOf(author.user));
    return writeCommit(gitDir, { tree, parents: [base, pull.head_sha], author: merger, committer, message });
  }
  // As on GitHub, a squashed commit belongs to whoever opened the pull request; who merged stands in the pull request.
  const opener = userById(forge.database, pull.author_id);
  const message = joined(request.title ?? squashTitle(pull, commits), request.message ?? squashMessage(commits));
  return writeCommit(gitDir, { tree, parents: [base], author: signed(opener.login, emailOf(opener)), committer, message });
}

/** Replays the commits, but not the merges among them, one on top of the other. */
async function rebase(gitDir: string, base: string, commits: readonly Commit[], committer: Signature): Promise<string | null> {
  let tip = base;
  for (const commit of commits) {
    const [parent, second] = commit.parents;
    if (parent === undefined || second !== undefined) continue;
    const tree = await replayTree(gitDir, parent, tip, commit.sha);
    if (tree === null) return null;
    if (tree === (await readCommit(gitDir, tip)).tree) continue;
    tip = await writeCommit(gitDir, { tree, parents: [tip], author: commit.author, committer, message: commit.message });
  }
  return tip === base ? null : tip;
}

function joined(title: string, message: string): string {
  return message === '' ? title : `${title}\n\n${message}`;
}

function squashTitle(pull: PullRow, commits: readonly Commit[]): string {
  const title = commits.length === 1 ? commits[0]!.message.split('\n')[0]! : pull.title;
  return `${title} (#${pull.number})`;
}

function squashMessage(commits: readonly Commit[]): string {
  if (commits.length === 1) return commits[0]!.message.split('\n').slice(1).join('\n').trim();
  return commits.map((commit) => `* ${commit.message}`).join('\n\n');
}
