import type { ForgeContext } from '#bot/forge/context.ts';
import { checkRunsOf, latestStatusesOf } from '#bot/forge/queries/checks.ts';
import type { RepositoryRow } from '#bot/forge/queries/rows.ts';
import type { RequiredCheck } from './branch-rules.ts';

export type CheckVerdict = 'success' | 'expected' | 'pending' | 'failing';

const passing: ReadonlySet<string | null> = new Set(['success', 'neutral', 'skipped']);

/**
 * What a commit's check runs and statuses say of one required check. When several apps report under one name and none is named in the rule,
 * all of them must be content.
 */
export function verdictOf(forge: ForgeContext, repository: RepositoryRow, sha: string, check: RequiredCheck): CheckVerdict {
  const counts = (appId: number | null) => check.appId === null || check.appId === appId;
  const runs = checkRunsOf(forge.database, repository.id, sha).filter((run) => run.name === check.context && counts(run.app_id));
  const statuses = latestStatusesOf(forge.database, repository.id, sha).filter(
    (status) => status.context === check.context && counts(status.app_id),
  );
  if (runs.length + statuses.length === 0) return 'expected';
  if (runs.some((run) => run.status !== 'completed') || statuses.some((status) => status.state === 'pending')) return 'pending';
  const content = runs.every((run) => passing.has(run.conclusion)) && statuses.every((status) => status.state === 'success');
  return content ? 'success' : 'failing';
}

/** GitHub's sentence for the first required check that is not content with the commit, or null. */
export function unmetCheck(
  forge: ForgeContext,
  repository: RepositoryRow,
  sha: string,
  checks: readonly RequiredCheck[],
): string | null {
  const unmet = checks
    .map((check) => ({ check, verdict: verdictOf(forge, repository, sha, check) }))
    .filter(({ verdict }) => verdict !== 'success');
  const first = unmet[0];
  if (first === undefined) return null;
  if (unmet.length === 1) return `Required status check "${first.check.context}" is ${first.verdict}.`;
  const count = (verdict: CheckVerdict) => unmet.filter((entry) => entry.verdict === verdict).length;
  const parts = (['expected', 'pending', 'failing'] as const)
    .filter((verdict) => count(verdict) > 0)
    .map((verdict) => `${count(verdict)} ${verdict}`);
  return `${unmet.length} of ${checks.length} required status checks have not succeeded: ${parts.join(', ')}.`;
}
