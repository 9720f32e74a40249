import { demand, type Need } from '#bot/forge/auth/access.ts';
import type { ForgeContext } from '#bot/forge/context.ts';
import { notFound } from '#bot/forge/http/api-error.ts';
import { type ForgeRequest, numberIn } from '#bot/forge/http/request.ts';
import { issueByNumber } from '#bot/forge/queries/issues.ts';
import type { IssueRow } from '#bot/forge/queries/rows.ts';

/** The issue in the address, pull requests included. */
export function issueIn(forge: ForgeContext, c: ForgeRequest): IssueRow {
  const issue = issueByNumber(forge.database, c.get('repository').id, numberIn(c, 'issue_number'));
  if (issue === undefined) throw notFound();
  return issue;
}

/** Whoever wrote a thing may change it; others need the right to. */
export function demandAuthorOr(c: ForgeRequest, thing: { author_id: number }, need: Need): void {
  const actor = c.get('actor');
  if (actor.kind === 'user' && actor.user.id === thing.author_id) return;
  demand(c, need);
}
