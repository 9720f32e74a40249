import type { ForgeDatabase } from '#bot/forge/database/open-database.ts';
import type { Found, Slice } from './issues.ts';
import type { AnnotationRow, CheckRunRow, CheckSuiteRow, StatusRow } from './rows.ts';

export function checkRunById(database: ForgeDatabase, repositoryId: number, id: number): CheckRunRow | undefined {
  return database
    .prepare<[number, number], CheckRunRow>('SELECT * FROM check_runs WHERE repository_id = ? AND id = ?')
    .get(repositoryId, id);
}

export interface CheckRunFilter {
  name: string | null;
  status: string | null;
  appId: number | null;
  suiteId: number | null;
  /** `latest` gives the newest run of each name of each app, which is also what protection looks at. */
  which: 'latest' | 'all';
}

export const latestRuns: CheckRunFilter = { name: null, status: null, appId: null, suiteId: null, which: 'latest' };

/** Check runs of a commit, newest first. */
export function checkRunsOf(
  database: ForgeDatabase,
  repositoryId: number,
  sha: string | null,
  filter: CheckRunFilter = latestRuns,
): CheckRunRow[] {
  return database
    .prepare<[object], CheckRunRow>(
      `SELECT * FROM check_runs WHERE repository_id = @repositoryId AND (@sha IS NULL OR head_sha = @sha)
       AND (@name IS NULL OR name = @name) AND (@status IS NULL OR status = @status)
       AND (@appId IS NULL OR app_id = @appId) AND (@suiteId IS NULL OR suite_id = @suiteId)
       AND (@which = 'all' OR id IN (SELECT MAX(id) FROM check_runs WHERE repository_id = @repositoryId
         AND (@sha IS NULL OR head_sha = @sha) GROUP BY head_sha, app_id, name))
       ORDER BY id DESC`,
    )
    .all({ repositoryId, sha, ...filter });
}

export function annotationsOf(database: ForgeDatabase, checkRunId: number, slice: Slice): Found<AnnotationRow> {
  return {
    total: annotationCount(database, checkRunId),
    rows: database
      .prepare<[object], AnnotationRow>(
        'SELECT * FROM annotations WHERE check_run_id = @checkRunId ORDER BY id LIMIT @limit OFFSET @offset',
      )
      .all({ checkRunId, ...slice }),
  };
}

export function annotationCount(database: ForgeDatabase, checkRunId: number): number {
  return database
    .prepare<[number], { n: number }>('SELECT COUNT(*) AS n FROM annotations WHERE check_run_id = ?')
    .get(checkRunId)!.n;
}

export function checkSuiteById(database: ForgeDatabase, repositoryId: number, id: number): CheckSuiteRow | undefined {
  return database
    .prepare<[number, number], CheckSuiteRow>('SELECT * FROM check_suites WHERE repository_id = ? AND id = ?')
    .get(repositoryId, id);
}

export function checkSuiteFor(
  database: ForgeDatabase,
  repositoryId: number,
  appId: number,
  sha: string,
): CheckSuiteRow | undefined {
  return database
    .prepare<[number, number, string], CheckSuiteRow>(
      'SELECT * FROM check_suites WHERE repository_id = ? AND app_id = ? AND head_sha = ?',
    )
    .get(repositoryId, appId, sha);
}

export function checkSuitesOf(database: ForgeDatabase, repositoryId: number, sha: string): CheckSuiteRow[] {
  return database
    .prepare<[number, string], CheckSuiteRow>('SELECT * FROM check_suites WHERE repository_id = ? AND head_sha = ? ORDER BY id')
    .all(repositoryId, sha);
}

/** Every status ever set on a commit, newest first. */
export function statusesOf(database: ForgeDatabase, repositoryId: number, sha: string): StatusRow[] {
  return database
    .prepare<[number, string], StatusRow>('SELECT * FROM statuses WHERE repository_id = ? AND sha = ? ORDER BY id DESC')
    .all(repositoryId, sha);
}

/** The newest status of each context of a commit. */
export function latestStatusesOf(database: ForgeDatabase, repositoryId: number, sha: string): StatusRow[] {
  return database
    .prepare<[number, string], StatusRow>(
      `SELECT * FROM statuses WHERE id IN (SELECT MAX(id) FROM statuses WHERE repository_id = ? AND sha = ? GROUP BY context) ORDER BY id`,
    )
    .all(repositoryId, sha);
}
