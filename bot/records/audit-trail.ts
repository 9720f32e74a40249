import type { CheckRun } from '#bot/github/checks-api.ts';
import type { Sources } from './arrivals.ts';
import { fromChecks } from './from-checks.ts';
import { fromCommits } from './from-commits.ts';
import { fromDecisions } from './from-decisions.ts';
import { fromDeployment } from './from-deployment.ts';
import { fromMerge } from './from-merge.ts';
import { fromNights } from './from-night.ts';
import { fromStatements } from './from-statements.ts';
import { placeOf } from './place.ts';
import { inOrder, type Step } from './step.ts';

/** Who or what did each step of a pull request. */
export interface AuditTrail {
  readonly number: number;
  readonly head: string;
  /** The commit on main; null while it is not merged. */
  readonly merged: string | null;
  /** Sorted by time. */
  readonly steps: readonly Step[];
  /** One sentence for each step that lacks something, contradicts another or cannot be verified. */
  readonly troubles: readonly string[];
  /** Whether check runs are among the steps: only a forge can tell them. */
  readonly checks: 'asked' | 'not-asked';
}

/**
 * Puts the trail together from commits, statements and the state branch: nothing that anybody can edit later without its showing.
 * @param checksOn asks a forge for the check runs on a commit; null when none is to be asked
 * @throws RatchetError `records/unknown` when nothing speaks of the pull request
 */
export async function auditTrail(
  number: number,
  sources: Sources,
  checksOn: ((commit: string) => Promise<readonly CheckRun[]>) | null,
): Promise<AuditTrail> {
  const place = await placeOf(number, sources);
  const parts: (readonly Step[])[] = [place.troubles];
  for (const tell of [fromNights, fromCommits, fromStatements, fromDecisions, fromMerge, fromDeployment])
    parts.push(await tell(place, sources));
  if (checksOn !== null) parts.push(fromChecks(place, await checksOn(place.head)));
  const steps = inOrder(parts.flat());
  return {
    number,
    head: place.head,
    merged: place.mergeCommit,
    steps,
    troubles: steps.flatMap(({ source, trouble }) => (trouble === null ? [] : [`${source}: ${trouble}`])),
    checks: checksOn === null ? 'not-asked' : 'asked',
  };
}
