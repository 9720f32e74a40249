import { createHash } from 'node:crypto';
import { isAtLeast } from '#bot/forge/auth/access.ts';
import { roleOf } from '#bot/forge/queries/accounts.ts';
import type { IssueRow, PullRow } from '#bot/forge/queries/rows.ts';
import { type Html, html, nothing } from '../markup.ts';
import type { MergeReadiness } from '../merge-readiness.ts';
import type { PageContext } from '../page-context.ts';

/** Whether the visitor could merge, were the rules content. */
export function mayWrite({ forge, repository, visitor }: PageContext): boolean {
  return visitor.kind === 'member' && isAtLeast(roleOf(forge.database, repository, visitor.user.id), 'write');
}

/** Whoever wrote a text may write it anew, and so may those who may write here at all. */
export function mayEdit(page: PageContext, authorId: number): boolean {
  return mayWrite(page) || (page.visitor.kind === 'member' && page.visitor.user.id === authorId);
}

/** The form that a text's boxes are buttons of, and a fold to write the text anew. `seen` keeps an edit from undoing another. */
export function editForms(page: PageContext, address: string, anchor: string, body: string): Html {
  const seen = html`${formKey(page)}<input type="hidden" name="seen" value="${textDigest(body)}">`;
  return html`<form id="ticks-${anchor}" method="post" action="${address}">${seen}</form>
<details class="edit"><summary>Edit</summary><form method="post" action="${address}">${seen}
<textarea name="body" rows="10" maxlength="65536" aria-label="Text">${body}</textarea>
<p class="buttons"><button class="primary" type="submit">Save</button></p></form></details>`;
}

/** Tells whether a text is still the one a page was made from. */
export function textDigest(body: string): string {
  return createHash('sha256').update(body).digest('hex').slice(0, 16);
}

/** The button that asks whoever made a check to look again. */
export function rerunForm(page: PageContext, runId: number, back: string): Html {
  if (!mayWrite(page)) return nothing;
  return html`<form class="rerun" method="post" action="${page.home}/checks/${runId}/rerequest">${formKey(page)}<input type="hidden" name="back" value="${back}"><button type="submit">Re-run</button></form>`;
}

/** The key that proves a form was on one of our pages. */
export function formKey({ visitor }: PageContext): Html {
  return visitor.kind === 'member' ? html`<input type="hidden" name="form_key" value="${visitor.formKey}">` : nothing;
}

/** A box to write in, and to close or reopen with. */
export function commentForm(page: PageContext, issue: IssueRow): Html {
  if (page.visitor.kind === 'reader') {
    return html`<p class="box pad quiet">To write or merge here, open the link that <code>npm start</code> prints.</p>`;
  }
  const noun = issue.is_pull === 1 ? 'pull request' : 'issue';
  const address = `${page.home}/${issue.is_pull === 1 ? 'pull' : 'issues'}/${issue.number}`;
  const isMerged = issue.is_pull === 1 && 'merged_at' in issue && issue.merged_at !== null;
  const other = issue.state === 'open' ? 'closed' : 'open';
  const turn =
    isMerged || !mayWrite(page)
      ? nothing
      : html`<button type="submit" name="state" value="${other}" formnovalidate>${other === 'closed' ? `Close ${noun}` : `Reopen ${noun}`}</button>`;
  return html`<form class="box comment-form" method="post" action="${address}/comment">
${formKey(page)}
<label for="body">Add a comment</label>
<textarea id="body" name="body" rows="5" maxlength="65536" required placeholder="Markdown works here; a comment that starts with / is a command."></textarea>
<p class="buttons">${turn}<button class="primary" type="submit">Comment</button></p>
</form>`;
}

export function reviewForm(page: PageContext, pull: PullRow): Html {
  if (pull.state === 'closed' || page.visitor.kind === 'reader' || page.visitor.user.id === pull.author_id) return nothing;
  return html`<form class="review" method="post" action="${page.home}/pull/${pull.number}/review">
${formKey(page)}<input type="hidden" name="sha" value="${pull.head_sha}">
<button type="submit" name="event" value="APPROVE">Approve</button>
</form>`;
}

/** The button, or why there is none. It names the commit that the reader has seen. */
export function mergeForm(page: PageContext, pull: PullRow, readiness: MergeReadiness): Html {
  if (readiness.kind === 'blocked') {
    return html`<p class="merge-line"><button class="merge" type="button" disabled aria-describedby="blocked">Merge</button><span id="blocked">${readiness.reason}</span></p>`;
  }
  if (!mayWrite(page)) {
    const reason =
      page.visitor.kind === 'reader' ? 'Ready. Sign in to merge it.' : 'Ready. Someone with the right to write can merge it.';
    return html`<p class="merge-line"><button class="merge" type="button" disabled aria-describedby="blocked">Merge</button><span id="blocked">${reason}</span></p>`;
  }
  return html`<form class="merge-line" method="post" action="${page.home}/pull/${pull.number}/merge">
${formKey(page)}<input type="hidden" name="sha" value="${pull.head_sha}"><input type="hidden" name="method" value="${readiness.method}">
<button class="merge ready" type="submit">Merge</button><span>Merging is the deployment: the engine loads what is on <code>${pull.base_ref}</code>.</span>
</form>`;
}
