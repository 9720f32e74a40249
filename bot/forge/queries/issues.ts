import type { ForgeDatabase } from '#bot/forge/database/open-database.ts';
import { insertRow } from '#bot/forge/database/write-row.ts';
import type { CommentRow, IssueRow, LabelRow, PullRow, ReactionContent, ReactionRow, ReviewRow } from './rows.ts';

/** One page of rows: what `per_page` and `page` mean once checked. */
export interface Slice {
  limit: number;
  offset: number;
}

export interface IssueFilter {
  state: 'open' | 'closed' | 'all';
  labels: readonly string[];
  creatorId: number | null;
  updatedSince: number | null;
  sort: 'created' | 'updated' | 'comments';
  direction: 'asc' | 'desc';
}

export interface Found<Row> {
  total: number;
  rows: Row[];
}

const issueOrder = {
  created: 'issues.created_at',
  updated: 'issues.updated_at',
  comments: '(SELECT COUNT(*) FROM comments WHERE comments.issue_id = issues.id)',
} as const;

export function findIssues(database: ForgeDatabase, repositoryId: number, filter: IssueFilter, slice: Slice): Found<IssueRow> {
  const where = [
    'repository_id = @repositoryId',
    "(@state = 'all' OR state = @state)",
    '(@creatorId IS NULL OR author_id = @creatorId)',
    '(@updatedSince IS NULL OR updated_at >= @updatedSince)',
    `(@labelCount = 0 OR (SELECT COUNT(*) FROM issue_labels JOIN labels ON labels.id = issue_labels.label_id
      WHERE issue_labels.issue_id = issues.id AND labels.name IN (SELECT value COLLATE NOCASE FROM json_each(@labels))) = @labelCount)`,
  ].join(' AND ');
  const parameters = {
    repositoryId,
    state: filter.state,
    creatorId: filter.creatorId,
    updatedSince: filter.updatedSince,
    labels: JSON.stringify(filter.labels),
    labelCount: filter.labels.length,
  };
  const order = `${issueOrder[filter.sort]} ${filter.direction}, issues.number ${filter.direction}`;
  return {
    total: database.prepare<[object], { n: number }>(`SELECT COUNT(*) AS n FROM issues WHERE ${where}`).get(parameters)!.n,
    rows: database
      .prepare<[object], IssueRow>(`SELECT * FROM issues WHERE ${where} ORDER BY ${order} LIMIT @limit OFFSET @offset`)
      .all({ ...parameters, ...slice }),
  };
}

export function issueByNumber(database: ForgeDatabase, repositoryId: number, number: number): IssueRow | undefined {
  return database
    .prepare<[number, number], IssueRow>('SELECT * FROM issues WHERE repository_id = ? AND number = ?')
    .get(repositoryId, number);
}

export function issueById(database: ForgeDatabase, id: number): IssueRow {
  return database.prepare<[number], IssueRow>('SELECT * FROM issues WHERE id = ?').get(id)!;
}

export function openIssueCount(database: ForgeDatabase, repositoryId: number): number {
  return database
    .prepare<[number], { n: number }>("SELECT COUNT(*) AS n FROM issues WHERE repository_id = ? AND state = 'open'")
    .get(repositoryId)!.n;
}

/** Takes the next number of the repository; issues and pull requests share one series. Call inside a transaction. */
function takeNumber(database: ForgeDatabase, repositoryId: number): number {
  return database
    .prepare<[number], { number: number }>(
      'UPDATE repositories SET next_number = next_number + 1 WHERE id = ? RETURNING next_number - 1 AS number',
    )
    .get(repositoryId)!.number;
}

export interface NewIssueRow {
  readonly repositoryId: number;
  readonly isPull: boolean;
  readonly title: string;
  readonly body: string | null;
  readonly authorId: number;
  readonly appId: number | null;
  readonly now: number;
}

/** Opens an issue, or the issue that a pull request is too, under the repository's next number. Gives its id. */
export function insertIssue(database: ForgeDatabase, row: NewIssueRow): number {
  return insertRow(database, 'issues', {
    repository_id: row.repositoryId,
    number: takeNumber(database, row.repositoryId),
    is_pull: row.isPull ? 1 : 0,
    title: row.title,
    body: row.body,
    state: 'open',
    author_id: row.authorId,
    app_id: row.appId,
    created_at: row.now,
    updated_at: row.now,
  });
}

const selectPull = `SELECT issues.*, pulls.head_ref, pulls.head_sha, pulls.base_ref, pulls.base_sha, pulls.draft,
  pulls.maintainer_can_modify, pulls.merged_at, pulls.merged_by_id, pulls.merge_commit_sha
  FROM pulls JOIN issues ON issues.id = pulls.issue_id`;

export function pullByNumber(database: ForgeDatabase, repositoryId: number, number: number): PullRow | undefined {
  return database
    .prepare<[number, number], PullRow>(`${selectPull} WHERE issues.repository_id = ? AND issues.number = ?`)
    .get(repositoryId, number);
}

export function pullById(database: ForgeDatabase, issueId: number): PullRow {
  return database.prepare<[number], PullRow>(`${selectPull} WHERE issues.id = ?`).get(issueId)!;
}

export function openPulls(database: ForgeDatabase, repositoryId: number): PullRow[] {
  return database
    .prepare<[number], PullRow>(`${selectPull} WHERE issues.repository_id = ? AND issues.state = 'open' ORDER BY issues.number`)
    .all(repositoryId);
}

/** Open pull requests whose head is this commit. */
export function openPullsAtHead(database: ForgeDatabase, repositoryId: number, sha: string): PullRow[] {
  return database
    .prepare<[number, string], PullRow>(
      `${selectPull} WHERE issues.repository_id = ? AND pulls.head_sha = ? AND issues.state = 'open' ORDER BY issues.number`,
    )
    .all(repositoryId, sha);
}

export interface PullFilter {
  state: 'open' | 'closed' | 'all';
  headRef: string | null;
  baseRef: string | null;
  sort: 'created' | 'updated';
  direction: 'asc' | 'desc';
}

export function findPulls(database: ForgeDatabase, repositoryId: number, filter: PullFilter, slice: Slice): Found<PullRow> {
  const where = `issues.repository_id = @repositoryId AND (@state = 'all' OR issues.state = @state)
    AND (@headRef IS NULL OR pulls.head_ref = @headRef) AND (@baseRef IS NULL OR pulls.base_ref = @baseRef)`;
  const parameters = { repositoryId, state: filter.state, headRef: filter.headRef, baseRef: filter.baseRef };
  const column = filter.sort === 'created' ? 'issues.created_at' : 'issues.updated_at';
  const order = `${column} ${filter.direction}, issues.number ${filter.direction}`;
  return {
    total: database
      .prepare<[object], { n: number }>(
        `SELECT COUNT(*) AS n FROM pulls JOIN issues ON issues.id = pulls.issue_id WHERE ${where}`,
      )
      .get(parameters)!.n,
    rows: database
      .prepare<[object], PullRow>(`${selectPull} WHERE ${where} ORDER BY ${order} LIMIT @limit OFFSET @offset`)
      .all({ ...parameters, ...slice }),
  };
}

export function commentById(database: ForgeDatabase, repositoryId: number, id: number): CommentRow | undefined {
  return database
    .prepare<[number, number], CommentRow>('SELECT * FROM comments WHERE repository_id = ? AND id = ?')
    .get(repositoryId, id);
}

export function commentCount(database: ForgeDatabase, issueId: number): number {
  return database.prepare<[number], { n: number }>('SELECT COUNT(*) AS n FROM comments WHERE issue_id = ?').get(issueId)!.n;
}

/** Comments of one issue (`issueId`) or, with null, of the whole repository, oldest first. */
export function findComments(
  database: ForgeDatabase,
  repositoryId: number,
  issueId: number | null,
  updatedSince: number | null,
  slice: Slice,
): Found<CommentRow> {
  const where = `repository_id = @repositoryId AND (@issueId IS NULL OR issue_id = @issueId)
    AND (@updatedSince IS NULL OR updated_at >= @updatedSince)`;
  const parameters = { repositoryId, issueId, updatedSince };
  return {
    total: database.prepare<[object], { n: number }>(`SELECT COUNT(*) AS n FROM comments WHERE ${where}`).get(parameters)!.n,
    rows: database
      .prepare<[object], CommentRow>(`SELECT * FROM comments WHERE ${where} ORDER BY id LIMIT @limit OFFSET @offset`)
      .all({ ...parameters, ...slice }),
  };
}

export function labelsOfIssue(database: ForgeDatabase, issueId: number): LabelRow[] {
  return database
    .prepare<[number], LabelRow>(
      `SELECT labels.* FROM issue_labels JOIN labels ON labels.id = issue_labels.label_id WHERE issue_id = ? ORDER BY labels.id`,
    )
    .all(issueId);
}

export function labelByName(database: ForgeDatabase, repositoryId: number, name: string): LabelRow | undefined {
  return database
    .prepare<[number, string], LabelRow>('SELECT * FROM labels WHERE repository_id = ? AND name = ?')
    .get(repositoryId, name);
}

export function labelsOf(database: ForgeDatabase, repositoryId: number): LabelRow[] {
  return database.prepare<[number], LabelRow>('SELECT * FROM labels WHERE repository_id = ? ORDER BY id').all(repositoryId);
}

export function reactionsOf(database: ForgeDatabase, type: 'issue' | 'comment', subjectId: number): ReactionRow[] {
  return database
    .prepare<[string, number], ReactionRow>('SELECT * FROM reactions WHERE subject_type = ? AND subject_id = ? ORDER BY id')
    .all(type, subjectId);
}

export function reactionCounts(
  database: ForgeDatabase,
  type: 'issue' | 'comment',
  subjectId: number,
): Map<ReactionContent, number> {
  const rows = database
    .prepare<[string, number], { content: ReactionContent; n: number }>(
      'SELECT content, COUNT(*) AS n FROM reactions WHERE subject_type = ? AND subject_id = ? GROUP BY content',
    )
    .all(type, subjectId);
  return new Map(rows.map((row) => [row.content, row.n]));
}

export function reviewsOf(database: ForgeDatabase, issueId: number): ReviewRow[] {
  return database.prepare<[number], ReviewRow>('SELECT * FROM reviews WHERE issue_id = ? ORDER BY id').all(issueId);
}
