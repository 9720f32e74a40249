import { userById } from '#bot/forge/queries/accounts.ts';
import { labelsOfIssue } from '#bot/forge/queries/issues.ts';
import type { IssueRow } from '#bot/forge/queries/rows.ts';
import { repositoryLayout } from '../layout.ts';
import { each, type Html, html, labelChip, moment, stateBadge } from '../markup.ts';
import type { PageContext } from '../page-context.ts';
import { commentForm } from './forms.ts';
import { timeline } from './timeline.ts';

export function issuePage(page: PageContext, issue: IssueRow): Html {
  const author = userById(page.forge.database, issue.author_id);
  const labels = labelsOfIssue(page.forge.database, issue.id);
  const content = html`<div class="subject"><h1>${issue.title} <span class="quiet">#${issue.number}</span></h1>
<p class="subject-line">${stateBadge(issue.state)} <b>${author.login}</b> opened this ${moment(issue.created_at)} ${each(labels, (label) => labelChip(label.name, label.color))}</p>
${timeline(page, issue, null, [])}
${commentForm(page, issue)}</div>`;
  return repositoryLayout(page, 'issues', `${issue.title} · #${issue.number}`, content);
}
