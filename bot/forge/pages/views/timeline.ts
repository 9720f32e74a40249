import type { Commit } from '#bot/forge/git/commits.ts';
import { userById } from '#bot/forge/queries/accounts.ts';
import { deploymentStatusesOf, findDeployments } from '#bot/forge/queries/deployments.ts';
import { findComments, reactionCounts, reviewsOf } from '#bot/forge/queries/issues.ts';
import type { IssueRow, PullRow, ReactionContent, ReviewState } from '#bot/forge/queries/rows.ts';
import { renderMarkdown } from '../markdown/render-markdown.ts';
import { avatar, each, type Html, html, moment, nothing, raw } from '../markup.ts';
import type { PageContext } from '../page-context.ts';
import { editForms, mayEdit } from './forms.ts';

interface Entry {
  readonly at: number;
  readonly content: Html;
}

const everything = { limit: 500, offset: 0 };

/** What happened, oldest first: the opening text, commits, comments, reviews, the merge, where it runs. */
export function timeline(page: PageContext, issue: IssueRow, pull: PullRow | null, commits: readonly Commit[]): Html {
  const entries = [
    ...commits.map((commit) => commitEntry(page, commit)),
    ...commentEntries(page, issue),
    ...(pull === null ? [] : [...reviewEntries(page, pull), ...endEntries(page, pull), ...deploymentEntries(page, pull)]),
    ...(pull === null && issue.closed_at !== null ? [closedEntry(page, issue, issue.closed_at)] : []),
  ].sort((left, right) => left.at - right.at);
  const opening = words(page, {
    anchor: 'opening',
    authorId: issue.author_id,
    verb: 'wrote',
    at: issue.created_at,
    body: issue.body ?? '',
    subject: { type: 'issue', id: issue.id },
    edit: mayEdit(page, issue.author_id) ? `${page.home}/${pull === null ? 'issues' : 'pull'}/${issue.number}/body` : null,
  });
  return html`<ol class="timeline"><li>${opening}</li>${each(entries, (entry) => html`<li>${entry.content}</li>`)}</ol>`;
}

interface Words {
  readonly anchor: string;
  readonly authorId: number;
  readonly verb: string;
  readonly at: number;
  readonly body: string;
  readonly subject: { readonly type: 'issue' | 'comment'; readonly id: number } | null;
  /** Where a new text is sent to; null for whoever may not send one. */
  readonly edit: string | null;
}

/** Something a person or the bot wrote, in a box. */
function words(page: PageContext, { anchor, authorId, verb, at, body, subject, edit }: Words): Html {
  const author = userById(page.forge.database, authorId);
  const bot = author.type === 'Bot' ? html` <span class="pill">bot</span>` : nothing;
  const content =
    body.trim() === ''
      ? html`<p class="quiet">No words.</p>`
      : raw(renderMarkdown(body, { repository: page.home, ...(edit === null ? {} : { ticks: `ticks-${anchor}` }) }));
  return html`<article class="box comment" id="${anchor}">
<header>${avatar(author.login)}<b>${author.login}</b>${bot} <span class="quiet">${verb} <a href="#${anchor}">${moment(at)}</a></span></header>
<div class="pad markdown">${content}</div>
${subject === null ? nothing : reactions(page, subject.type, subject.id)}
${edit === null ? nothing : editForms(page, edit, anchor, body)}
</article>`;
}

const faces: Record<ReactionContent, string> = {
  '+1': '👍',
  '-1': '👎',
  laugh: '😄',
  confused: '😕',
  heart: '❤️',
  hooray: '🎉',
  rocket: '🚀',
  eyes: '👀',
};

function reactions(page: PageContext, type: 'issue' | 'comment', id: number): Html {
  const counts = reactionCounts(page.forge.database, type, id);
  if (counts.size === 0) return nothing;
  return html`<p class="reactions">${[...counts].map(
    ([content, count]) => html`<span class="pill" title="${content}">${faces[content]} ${count}</span>`,
  )}</p>`;
}

function commitEntry(page: PageContext, commit: Commit): Entry {
  const [title] = commit.message.split('\n');
  return {
    at: commit.committer.atSeconds * 1000,
    content: html`<p class="event"><span class="dot" aria-hidden="true"></span>${commit.author.name} committed <a href="${page.home}/commit/${commit.sha}">${title}</a> <a href="${page.home}/commit/${commit.sha}"><code>${commit.sha.slice(0, 7)}</code></a></p>`,
  };
}

function commentEntries(page: PageContext, issue: IssueRow): Entry[] {
  const { rows } = findComments(page.forge.database, page.repository.id, issue.id, null, everything);
  return rows.map((comment) => ({
    at: comment.created_at,
    content: words(page, {
      anchor: `issuecomment-${comment.id}`,
      authorId: comment.author_id,
      verb: comment.updated_at > comment.created_at ? 'commented (and edited)' : 'commented',
      at: comment.created_at,
      body: comment.body,
      subject: { type: 'comment', id: comment.id },
      edit: mayEdit(page, comment.author_id) ? `${page.home}/comments/${comment.id}/body` : null,
    }),
  }));
}

const reviewVerbs: Record<ReviewState, string> = {
  APPROVED: 'approved',
  CHANGES_REQUESTED: 'asked for changes',
  COMMENTED: 'reviewed',
  DISMISSED: 'had a review dismissed',
  PENDING: 'began a review',
};

function reviewEntries(page: PageContext, pull: PullRow): Entry[] {
  return reviewsOf(page.forge.database, pull.id).flatMap((review) => {
    if (review.submitted_at === null) return [];
    const at = review.submitted_at;
    const anchor = `pullrequestreview-${review.id}`;
    const verb = reviewVerbs[review.state];
    const author = userById(page.forge.database, review.author_id);
    const content =
      review.body.trim() === ''
        ? html`<p class="event ${review.state.toLowerCase()}" id="${anchor}"><span class="dot" aria-hidden="true"></span><b>${author.login}</b> ${verb} <a href="${page.home}/commit/${review.commit_id}"><code>${review.commit_id.slice(0, 7)}</code></a> ${moment(at)}</p>`
        : words(page, { anchor, authorId: review.author_id, verb, at, body: review.body, subject: null, edit: null });
    return [{ at, content }];
  });
}

function endEntries(page: PageContext, pull: PullRow): Entry[] {
  if (pull.merged_at === null) return pull.closed_at === null ? [] : [closedEntry(page, pull, pull.closed_at)];
  const merger = pull.merged_by_id === null ? 'someone' : userById(page.forge.database, pull.merged_by_id).login;
  const commit =
    pull.merge_commit_sha === null
      ? nothing
      : html` as <a href="${page.home}/commit/${pull.merge_commit_sha}"><code>${pull.merge_commit_sha.slice(0, 7)}</code></a>`;
  return [
    {
      at: pull.merged_at,
      content: html`<p class="event merged"><span class="dot" aria-hidden="true"></span><b>${merger}</b> merged this into <code>${pull.base_ref}</code>${commit} ${moment(pull.merged_at)}</p>`,
    },
  ];
}

function closedEntry(page: PageContext, issue: IssueRow, at: number): Entry {
  const closer = issue.closed_by_id === null ? 'someone' : userById(page.forge.database, issue.closed_by_id).login;
  return {
    at,
    content: html`<p class="event closed"><span class="dot" aria-hidden="true"></span><b>${closer}</b> closed this ${moment(at)}</p>`,
  };
}

/** Where the merge commit went: what the engine reported back. */
function deploymentEntries(page: PageContext, pull: PullRow): Entry[] {
  if (pull.merge_commit_sha === null) return [];
  const filter = { sha: pull.merge_commit_sha, ref: null, task: null, environment: null };
  return findDeployments(page.forge.database, page.repository.id, filter, everything).rows.map((deployment) => {
    const [status] = deploymentStatusesOf(page.forge.database, deployment.id);
    const state = status?.state ?? 'pending';
    const at = status?.created_at ?? deployment.created_at;
    return {
      at,
      content: html`<p class="event deployment ${state}"><span class="dot" aria-hidden="true"></span>Deployed to <b>${deployment.environment}</b>: ${state}${status === undefined || status.description === '' ? '' : `, ${status.description}`} ${moment(at)}</p>`,
    };
  });
}
