import type { ForgeContext } from '#bot/forge/context.ts';
import { gitDirOf } from '#bot/forge/context.ts';
import { distance, mergeBaseOf } from '#bot/forge/git/commits.ts';
import { diffFiles, type FileDiff } from '#bot/forge/git/diff.ts';
import { mergeTrees } from '#bot/forge/git/trees.ts';
import { rulesFor } from '#bot/forge/protection/branch-rules.ts';
import { unmetCheck } from '#bot/forge/protection/required-checks.ts';
import { unmetReview } from '#bot/forge/protection/reviews.ts';
import { checkRunsOf, latestStatusesOf } from '#bot/forge/queries/checks.ts';
import { knownRefs } from '#bot/forge/queries/references.ts';
import type { PullRow, RepositoryRow } from '#bot/forge/queries/rows.ts';

/** What git and the rules say of a pull request. */
export interface PullState {
  /** Null once it is closed: GitHub stops asking. */
  mergeable: boolean | null;
  mergeableState: 'clean' | 'dirty' | 'blocked' | 'behind' | 'unstable' | 'draft' | 'unknown';
  commits: number;
  additions: number;
  deletions: number;
  changedFiles: number;
}

/** What git alone says of a pair of commits; two hashes always give the same. */
export interface PullFacts {
  mergeBase: string | null;
  mergeable: boolean;
  commits: number;
  behind: number;
  files: FileDiff[];
}

const remembered = new WeakMap<ForgeContext, Map<string, Promise<PullFacts>>>();
const maxRemembered = 200;

/** The commit the pull request is compared with: the branch as it is now while it is open, as it was when it closed. */
export function baseOf(forge: ForgeContext, repository: RepositoryRow, pull: PullRow): string {
  if (pull.state === 'closed') return pull.base_sha;
  return knownRefs(forge.database, repository.id).get(`refs/heads/${pull.base_ref}`) ?? pull.base_sha;
}

export function readPullFacts(forge: ForgeContext, repository: RepositoryRow, pull: PullRow): Promise<PullFacts> {
  const base = baseOf(forge, repository, pull);
  const cache = remembered.get(forge) ?? new Map<string, Promise<PullFacts>>();
  remembered.set(forge, cache);
  const key = `${repository.id}:${base}:${pull.head_sha}`;
  const found = cache.get(key);
  if (found !== undefined) return found;
  const facts = computeFacts(gitDirOf(forge, repository), base, pull.head_sha);
  cache.set(key, facts);
  facts.catch(() => cache.delete(key));
  if (cache.size > maxRemembered) cache.delete(cache.keys().next().value!);
  return facts;
}

async function computeFacts(gitDir: string, base: string, head: string): Promise<PullFacts> {
  const [mergeBase, merged, { ahead, behind }] = await Promise.all([
    mergeBaseOf(gitDir, base, head),
    mergeTrees(gitDir, base, head),
    distance(gitDir, base, head),
  ]);
  return {
    mergeBase,
    mergeable: merged.kind === 'merged',
    commits: ahead,
    behind,
    files: await diffFiles(gitDir, mergeBase ?? base, head),
  };
}

export async function readPullState(forge: ForgeContext, repository: RepositoryRow, pull: PullRow): Promise<PullState> {
  const facts = await readPullFacts(forge, repository, pull);
  const sum = (count: (file: FileDiff) => number) => facts.files.reduce((total, file) => total + count(file), 0);
  return {
    mergeable: pull.state === 'closed' ? null : facts.mergeable,
    mergeableState: mergeableState(forge, repository, pull, facts),
    commits: facts.commits,
    additions: sum((file) => file.additions),
    deletions: sum((file) => file.deletions),
    changedFiles: facts.files.length,
  };
}

function mergeableState(
  forge: ForgeContext,
  repository: RepositoryRow,
  pull: PullRow,
  facts: PullFacts,
): PullState['mergeableState'] {
  if (pull.state === 'closed') return 'unknown';
  if (!facts.mergeable) return 'dirty';
  if (pull.draft === 1) return 'draft';
  const rules = rulesFor(forge, repository, pull.base_ref, null);
  if (unmetCheck(forge, repository, pull.head_sha, rules.requiredChecks) !== null) return 'blocked';
  if (unmetReview(forge, repository, pull, rules) !== null) return 'blocked';
  if (rules.strict && facts.behind > 0) return 'behind';
  const unhappyRun = checkRunsOf(forge.database, repository.id, pull.head_sha).some(
    (run) => run.status !== 'completed' || !['success', 'neutral', 'skipped'].includes(run.conclusion ?? ''),
  );
  const unhappyStatus = latestStatusesOf(forge.database, repository.id, pull.head_sha).some(
    (status) => status.state !== 'success',
  );
  return unhappyRun || unhappyStatus ? 'unstable' : 'clean';
}
