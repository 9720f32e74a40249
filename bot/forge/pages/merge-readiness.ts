import { readPullFacts } from '#bot/forge/merge/pull-state.ts';
import { rulesFor } from '#bot/forge/protection/branch-rules.ts';
import { unmetCheck } from '#bot/forge/protection/required-checks.ts';
import { unmetReview } from '#bot/forge/protection/reviews.ts';
import type { PullRow } from '#bot/forge/queries/rows.ts';
import type { PageContext } from './page-context.ts';

export type MergeMethod = 'squash' | 'merge' | 'rebase';

export type MergeReadiness =
  | { readonly kind: 'ready'; readonly method: MergeMethod }
  | { readonly kind: 'blocked' /** One sentence. */; readonly reason: string };

/**
 * Whether a pull request may be merged from the page. The rules count in full: an administrator could push past them
 * with git, but a button that skips the gates would make the gates decoration.
 */
export async function mergeReadiness(page: PageContext, pull: PullRow): Promise<MergeReadiness> {
  const { forge, repository } = page;
  if (pull.state === 'closed') return blocked('It is closed.');
  if (pull.draft === 1) return blocked('It is still a draft.');
  const facts = await readPullFacts(forge, repository, pull);
  if (facts.commits === 0) return blocked('It holds no commit that the base lacks.');
  if (!facts.mergeable) return blocked(`It conflicts with ${pull.base_ref}.`);
  const rules = rulesFor(forge, repository, pull.base_ref, null);
  const unmet = unmetCheck(forge, repository, pull.head_sha, rules.requiredChecks) ?? unmetReview(forge, repository, pull, rules);
  if (unmet !== null) return blocked(unmet);
  if (rules.strict && facts.behind > 0) return blocked(`It is behind ${pull.base_ref}.`);
  if (!rules.mayUpdate) return blocked(`${pull.base_ref} is locked.`);
  const methods: readonly MergeMethod[] = rules.linearHistory ? ['squash', 'rebase'] : ['squash', 'merge', 'rebase'];
  const method = methods.find((candidate) => rules.mergeMethods.has(candidate));
  return method === undefined ? blocked('Its base allows no way of merging.') : { kind: 'ready', method };
}

function blocked(reason: string): MergeReadiness {
  return { kind: 'blocked', reason };
}
