import { userById } from '#bot/forge/queries/accounts.ts';
import { commentCount, findIssues, findPulls, labelsOfIssue } from '#bot/forge/queries/issues.ts';
import type { IssueRow } from '#bot/forge/queries/rows.ts';
import { repositoryLayout } from '../layout.ts';
import { counted, each, type Html, html, labelChip, moment, nothing, type State, stateBadge } from '../markup.ts';
import type { PageContext } from '../page-context.ts';
import { checkSign } from './commit-views.ts';
import { pullStateOf } from './pull-page.ts';

export type Shown = 'open' | 'closed';

export const perPage = 50;

/** The pull requests of a repository. */
export function pullListPage(page: PageContext, shown: Shown, number: number): Html {
  const filter = { headRef: null, baseRef: null, sort: 'created', direction: 'desc' } as const;
  const slice = { limit: perPage, offset: (number - 1) * perPage };
  const other = findPulls(
    page.forge.database,
    page.repository.id,
    { ...filter, state: shown === 'open' ? 'closed' : 'open' },
    { limit: 0, offset: 0 },
  );
  const { rows, total } = findPulls(page.forge.database, page.repository.id, { ...filter, state: shown }, slice);
  const list = each(rows, (pull) =>
    row(
      page,
      pull,
      `${page.home}/pull/${pull.number}`,
      pullStateOf(pull),
      html`${checkSign(page, pull.head_sha)}`,
      html` · <code>${pull.head_ref}</code>`,
    ),
  );
  const content = listing(page, 'pulls', 'Pull requests', shown, list, { shown: total, other: other.total }, number);
  return repositoryLayout(page, 'pulls', 'Pull requests', content);
}

/** The issues of a repository that are not pull requests. */
export function issueListPage(page: PageContext, shown: Shown, number: number): Html {
  // Pull requests are issues too; the forge's lists are short enough to leave them out here.
  const filter = { labels: [], creatorId: null, updatedSince: null, sort: 'created', direction: 'desc' } as const;
  const all = (state: Shown) =>
    findIssues(page.forge.database, page.repository.id, { ...filter, state }, { limit: 10_000, offset: 0 }).rows.filter(
      (issue) => issue.is_pull === 0,
    );
  const found = all(shown);
  const rows = found.slice((number - 1) * perPage, number * perPage);
  const list = each(rows, (issue) => row(page, issue, `${page.home}/issues/${issue.number}`, issue.state, nothing, nothing));
  const counts = { shown: found.length, other: all(shown === 'open' ? 'closed' : 'open').length };
  return repositoryLayout(page, 'issues', 'Issues', listing(page, 'issues', 'Issues', shown, list, counts, number));
}

function row(page: PageContext, issue: IssueRow, href: string, state: State, sign: Html, more: Html): Html {
  const author = userById(page.forge.database, issue.author_id);
  const comments = commentCount(page.forge.database, issue.id);
  return html`<li>${stateBadge(state)}<span class="grow"><a class="title" href="${href}">${issue.title}</a> ${sign} ${each(labelsOfIssue(page.forge.database, issue.id), (label) => labelChip(label.name, label.color))}
<span class="quiet">#${issue.number} opened ${moment(issue.created_at)} by ${author.login}${more}</span></span>
${comments === 0 ? nothing : html`<span class="quiet comments">${counted(comments, 'comment')}</span>`}</li>`;
}

function listing(
  page: PageContext,
  part: 'pulls' | 'issues',
  title: string,
  shown: Shown,
  rows: Html,
  counts: { shown: number; other: number },
  number: number,
): Html {
  const address = `${page.home}/${part}`;
  const totals = shown === 'open' ? { open: counts.shown, closed: counts.other } : { open: counts.other, closed: counts.shown };
  const turn = (state: Shown, name: string) =>
    html`<a href="${address}?state=${state}"${state === shown ? html` aria-current="page"` : nothing}>${totals[state]} ${name}</a>`;
  const older =
    number * perPage < counts.shown
      ? html`<a rel="next" href="${address}?state=${shown}&amp;page=${number + 1}">Older</a>`
      : nothing;
  const newer = number > 1 ? html`<a rel="prev" href="${address}?state=${shown}&amp;page=${number - 1}">Newer</a>` : nothing;
  return html`<h1 class="hidden">${title}</h1><section class="box"><header class="switch">${turn('open', 'open')} ${turn('closed', 'closed')}</header>
${counts.shown === 0 ? html`<p class="blank">Nothing ${shown}.</p>` : html`<ol class="rows">${rows}</ol>`}</section>
<p class="pages">${newer} ${older}</p>`;
}
