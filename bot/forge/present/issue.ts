import type { ForgeContext } from '#bot/forge/context.ts';
import { appById, roleOf } from '#bot/forge/queries/accounts.ts';
import { commentCount, labelsOfIssue, reactionCounts } from '#bot/forge/queries/issues.ts';
import type { CommentRow, IssueRow, LabelRow, ReactionRow, RepositoryRow } from '#bot/forge/queries/rows.ts';
import { presentApp, presentUserById, presentUserOrNull } from './accounts.ts';
import { apiOf, htmlOf, isoTime, isoTimeOrNull, nodeId } from './addresses.ts';

/** What the author is to the repository. GitHub itself is unsure here: nothing should hang on it. */
export function associationOf(forge: ForgeContext, repository: RepositoryRow, userId: number): string {
  if (repository.owner_id === userId) return 'OWNER';
  return roleOf(forge.database, repository, userId) === null ? 'NONE' : 'COLLABORATOR';
}

export function presentLabel(forge: ForgeContext, repository: RepositoryRow, label: LabelRow) {
  return {
    id: label.id,
    node_id: nodeId('Label', label.id),
    url: `${apiOf(forge, repository)}/labels/${encodeURIComponent(label.name)}`,
    name: label.name,
    color: label.color,
    default: false,
    description: label.description ?? '',
  };
}

export function presentIssue(forge: ForgeContext, repository: RepositoryRow, issue: IssueRow) {
  const api = `${apiOf(forge, repository)}/issues/${issue.number}`;
  const kind = issue.is_pull === 1 ? 'pull' : 'issues';
  const html = `${htmlOf(forge, repository)}/${kind}/${issue.number}`;
  return {
    id: issue.id,
    node_id: nodeId(issue.is_pull === 1 ? 'PullRequest' : 'Issue', issue.id),
    url: api,
    repository_url: apiOf(forge, repository),
    labels_url: `${api}/labels{/name}`,
    comments_url: `${api}/comments`,
    events_url: `${api}/events`,
    timeline_url: `${api}/timeline`,
    html_url: html,
    number: issue.number,
    title: issue.title,
    body: issue.body,
    state: issue.state,
    state_reason: issue.state_reason,
    user: presentUserById(forge, issue.author_id),
    author_association: associationOf(forge, repository, issue.author_id),
    labels: labelsOfIssue(forge.database, issue.id).map((label) => presentLabel(forge, repository, label)),
    assignee: null,
    assignees: [],
    milestone: null,
    locked: false,
    active_lock_reason: null,
    comments: commentCount(forge.database, issue.id),
    closed_by: presentUserOrNull(forge, issue.closed_by_id),
    created_at: isoTime(issue.created_at),
    updated_at: isoTime(issue.updated_at),
    closed_at: isoTimeOrNull(issue.closed_at),
    performed_via_github_app: presentViaApp(forge, issue.app_id),
    reactions: presentReactionRollup(forge, 'issue', issue.id, `${api}/reactions`),
    ...(issue.is_pull === 1 ? { draft: isDraft(forge, issue.id), pull_request: pullLinks(forge, repository, issue) } : {}),
  };
}

function pullLinks(forge: ForgeContext, repository: RepositoryRow, issue: IssueRow) {
  const html = `${htmlOf(forge, repository)}/pull/${issue.number}`;
  const row = forge.database
    .prepare<[number], { merged_at: number | null }>('SELECT merged_at FROM pulls WHERE issue_id = ?')
    .get(issue.id)!;
  return {
    url: `${apiOf(forge, repository)}/pulls/${issue.number}`,
    html_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    merged_at: isoTimeOrNull(row.merged_at),
  };
}

function isDraft(forge: ForgeContext, issueId: number): boolean {
  return (
    forge.database.prepare<[number], { draft: 0 | 1 }>('SELECT draft FROM pulls WHERE issue_id = ?').get(issueId)!.draft === 1
  );
}

export function presentComment(forge: ForgeContext, repository: RepositoryRow, comment: CommentRow, issue: IssueRow) {
  const api = apiOf(forge, repository);
  const kind = issue.is_pull === 1 ? 'pull' : 'issues';
  return {
    id: comment.id,
    node_id: nodeId('IssueComment', comment.id),
    url: `${api}/issues/comments/${comment.id}`,
    html_url: `${htmlOf(forge, repository)}/${kind}/${issue.number}#issuecomment-${comment.id}`,
    issue_url: `${api}/issues/${issue.number}`,
    user: presentUserById(forge, comment.author_id),
    author_association: associationOf(forge, repository, comment.author_id),
    body: comment.body,
    created_at: isoTime(comment.created_at),
    updated_at: isoTime(comment.updated_at),
    performed_via_github_app: presentViaApp(forge, comment.app_id),
    reactions: presentReactionRollup(forge, 'comment', comment.id, `${api}/issues/comments/${comment.id}/reactions`),
  };
}

export function presentViaApp(forge: ForgeContext, appId: number | null) {
  return appId === null ? null : presentApp(forge, appById(forge.database, appId)!);
}

export function presentReaction(forge: ForgeContext, reaction: ReactionRow) {
  return {
    id: reaction.id,
    node_id: nodeId('Reaction', reaction.id),
    user: presentUserById(forge, reaction.user_id),
    content: reaction.content,
    created_at: isoTime(reaction.created_at),
  };
}

function presentReactionRollup(forge: ForgeContext, type: 'issue' | 'comment', id: number, url: string) {
  const counts = reactionCounts(forge.database, type, id);
  const count = (content: ReactionRow['content']) => counts.get(content) ?? 0;
  return {
    url,
    total_count: [...counts.values()].reduce((sum, n) => sum + n, 0),
    '+1': count('+1'),
    '-1': count('-1'),
    laugh: count('laugh'),
    hooray: count('hooray'),
    confused: count('confused'),
    heart: count('heart'),
    rocket: count('rocket'),
    eyes: count('eyes'),
  };
}
