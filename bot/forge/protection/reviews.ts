import { isAtLeast } from '#bot/forge/auth/access.ts';
import type { ForgeContext } from '#bot/forge/context.ts';
import { roleOf } from '#bot/forge/queries/accounts.ts';
import { reviewsOf } from '#bot/forge/queries/issues.ts';
import type { PullRow, RepositoryRow, ReviewRow } from '#bot/forge/queries/rows.ts';
import type { BranchRules } from './branch-rules.ts';

/** Why the reviews do not let a pull request be merged yet, in GitHub's words, or null. */
export function unmetReview(forge: ForgeContext, repository: RepositoryRow, pull: PullRow, rules: BranchRules): string | null {
  if (rules.review === null) return null;
  const latest = new Map<number, ReviewRow>();
  for (const review of reviewsOf(forge.database, pull.id)) {
    // A later comment does not take an approval back; an approval of another commit may no longer count.
    if (review.state === 'COMMENTED' || review.state === 'PENDING') continue;
    latest.set(review.author_id, review);
  }
  const weighty = [...latest.values()].filter((review) =>
    isAtLeast(roleOf(forge.database, repository, review.author_id), 'write'),
  );
  if (weighty.some((review) => review.state === 'CHANGES_REQUESTED'))
    return 'Changes have been requested by a reviewer with write access.';
  const { approvals, dismissStale } = rules.review;
  const counted = weighty.filter(
    (review) => review.state === 'APPROVED' && (!dismissStale || review.commit_id === pull.head_sha),
  );
  if (counted.length >= approvals) return null;
  return `At least ${approvals} approving review${approvals === 1 ? ' is' : 's are'} required by reviewers with write access.`;
}
