import { z } from 'zod';
import type { ForgeContext } from '#bot/forge/context.ts';
import type { PullState } from '#bot/forge/merge/pull-state.ts';
import { userById } from '#bot/forge/queries/accounts.ts';
import { commentCount, labelsOfIssue } from '#bot/forge/queries/issues.ts';
import type { PullRow, RepositoryRow, ReviewRow } from '#bot/forge/queries/rows.ts';
import { presentUser, presentUserById, presentUserOrNull } from './accounts.ts';
import { apiOf, htmlOf, isoTime, isoTimeOrNull, nodeId } from './addresses.ts';
import { associationOf, presentLabel } from './issue.ts';
import { presentRepository } from './repository.ts';

/** The form of the list: no git needed. */
export function presentPullSimple(forge: ForgeContext, repository: RepositoryRow, pull: PullRow) {
  const api = apiOf(forge, repository);
  const self = `${api}/pulls/${pull.number}`;
  const html = `${htmlOf(forge, repository)}/pull/${pull.number}`;
  const owner = userById(forge.database, repository.owner_id);
  const side = (ref: string, sha: string) => ({
    label: `${repository.owner}:${ref}`,
    ref,
    sha,
    user: presentUser(forge, owner),
    repo: presentRepository(forge, repository),
  });
  return {
    id: pull.id,
    node_id: nodeId('PullRequest', pull.id),
    url: self,
    html_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    issue_url: `${api}/issues/${pull.number}`,
    commits_url: `${self}/commits`,
    review_comments_url: `${self}/comments`,
    review_comment_url: `${api}/pulls/comments{/number}`,
    comments_url: `${api}/issues/${pull.number}/comments`,
    statuses_url: `${api}/statuses/${pull.head_sha}`,
    number: pull.number,
    state: pull.state,
    locked: false,
    active_lock_reason: null,
    title: pull.title,
    body: pull.body,
    user: presentUserById(forge, pull.author_id),
    labels: labelsOfIssue(forge.database, pull.id).map((label) => presentLabel(forge, repository, label)),
    milestone: null,
    assignee: null,
    assignees: [],
    requested_reviewers: [],
    requested_teams: [],
    created_at: isoTime(pull.created_at),
    updated_at: isoTime(pull.updated_at),
    closed_at: isoTimeOrNull(pull.closed_at),
    merged_at: isoTimeOrNull(pull.merged_at),
    merge_commit_sha: pull.merge_commit_sha,
    draft: pull.draft === 1,
    head: side(pull.head_ref, pull.head_sha),
    base: side(pull.base_ref, pull.base_sha),
    _links: {
      self: { href: self },
      html: { href: html },
      issue: { href: `${api}/issues/${pull.number}` },
      comments: { href: `${api}/issues/${pull.number}/comments` },
      review_comments: { href: `${self}/comments` },
      review_comment: { href: `${api}/pulls/comments{/number}` },
      commits: { href: `${self}/commits` },
      statuses: { href: `${api}/statuses/${pull.head_sha}` },
    },
    author_association: associationOf(forge, repository, pull.author_id),
    auto_merge: null,
  };
}

/** The long form, with what git says about it. */
export function presentPull(forge: ForgeContext, repository: RepositoryRow, pull: PullRow, state: PullState) {
  return {
    ...presentPullSimple(forge, repository, pull),
    merged: pull.merged_at !== null,
    merged_by: presentUserOrNull(forge, pull.merged_by_id),
    mergeable: state.mergeable,
    rebaseable: state.mergeable,
    mergeable_state: state.mergeableState,
    comments: commentCount(forge.database, pull.id),
    review_comments: 0,
    maintainer_can_modify: pull.maintainer_can_modify === 1,
    commits: state.commits,
    additions: state.additions,
    deletions: state.deletions,
    changed_files: state.changedFiles,
  };
}

/** The form inside check runs and suites. */
export function presentPullMinimal(forge: ForgeContext, repository: RepositoryRow, pull: PullRow) {
  const side = (ref: string, sha: string) => ({
    ref,
    sha,
    repo: { id: repository.id, url: apiOf(forge, repository), name: repository.name },
  });
  return {
    id: pull.id,
    number: pull.number,
    url: `${apiOf(forge, repository)}/pulls/${pull.number}`,
    head: side(pull.head_ref, pull.head_sha),
    base: side(pull.base_ref, pull.base_sha),
  };
}

export function presentReview(forge: ForgeContext, repository: RepositoryRow, pull: PullRow, review: ReviewRow) {
  const html = `${htmlOf(forge, repository)}/pull/${pull.number}#pullrequestreview-${review.id}`;
  const pullUrl = `${apiOf(forge, repository)}/pulls/${pull.number}`;
  return {
    id: review.id,
    node_id: nodeId('PullRequestReview', review.id),
    user: presentUserById(forge, review.author_id),
    body: review.body,
    state: review.state,
    html_url: html,
    pull_request_url: pullUrl,
    author_association: associationOf(forge, repository, review.author_id),
    _links: { html: { href: html }, pull_request: { href: pullUrl } },
    commit_id: review.commit_id,
    ...(review.submitted_at === null ? {} : { submitted_at: isoTime(review.submitted_at) }),
  };
}

const LineComment = z.array(
  z.object({ path: z.string(), body: z.string(), line: z.number().optional(), side: z.string().optional() }),
);
/** More remarks on lines than this a review cannot have. */
const COMMENTS_PER_REVIEW = 100;

/** What a submitted review says about single lines. */
export function presentReviewComments(forge: ForgeContext, repository: RepositoryRow, pull: PullRow, review: ReviewRow) {
  const pullUrl = `${apiOf(forge, repository)}/pulls/${pull.number}`;
  const time = isoTime(review.submitted_at!);
  return LineComment.parse(JSON.parse(review.comments)).map(({ path, body, line, side }, index) => {
    const id = review.id * COMMENTS_PER_REVIEW + index;
    const url = `${apiOf(forge, repository)}/pulls/comments/${id}`;
    const html = `${htmlOf(forge, repository)}/pull/${pull.number}#discussion_r${id}`;
    return {
      id,
      node_id: nodeId('PullRequestReviewComment', id),
      url,
      pull_request_review_id: review.id,
      diff_hunk: '',
      path,
      commit_id: review.commit_id,
      original_commit_id: review.commit_id,
      user: presentUserById(forge, review.author_id),
      body,
      created_at: time,
      updated_at: time,
      html_url: html,
      pull_request_url: pullUrl,
      author_association: associationOf(forge, repository, review.author_id),
      _links: { self: { href: url }, html: { href: html }, pull_request: { href: pullUrl } },
      ...(line === undefined ? {} : { line }),
      ...(side === undefined ? {} : { side }),
    };
  });
}
