import type { ForgeContext } from '#bot/forge/context.ts';
import type { Commit } from '#bot/forge/git/commits.ts';
import { appById } from '#bot/forge/queries/accounts.ts';
import { annotationCount, checkRunsOf, checkSuiteById } from '#bot/forge/queries/checks.ts';
import { openPullsAtHead } from '#bot/forge/queries/issues.ts';
import type { AnnotationRow, CheckRunRow, CheckSuiteRow, RepositoryRow, StatusRow } from '#bot/forge/queries/rows.ts';
import { presentApp, presentUserById } from './accounts.ts';
import { apiOf, escapePath, htmlOf, isoTime, isoTimeOrNull, nodeId } from './addresses.ts';
import { presentSimpleCommit } from './commit.ts';
import { presentPullMinimal } from './pull-request.ts';
import { presentRepository } from './repository.ts';

export function presentCheckRun(forge: ForgeContext, repository: RepositoryRow, run: CheckRunRow) {
  const url = `${apiOf(forge, repository)}/check-runs/${run.id}`;
  const html = `${htmlOf(forge, repository)}/runs/${run.id}`;
  return {
    id: run.id,
    node_id: nodeId('CheckRun', run.id),
    name: run.name,
    head_sha: run.head_sha,
    external_id: run.external_id,
    url,
    html_url: html,
    details_url: run.details_url ?? html,
    status: run.status,
    conclusion: run.conclusion,
    started_at: isoTime(run.started_at),
    completed_at: isoTimeOrNull(run.completed_at),
    output: {
      title: run.title,
      summary: run.summary,
      text: run.text,
      annotations_count: annotationCount(forge.database, run.id),
      annotations_url: `${url}/annotations`,
    },
    check_suite: { id: run.suite_id },
    app: presentApp(forge, appById(forge.database, run.app_id)!),
    pull_requests: openPullsAtHead(forge.database, repository.id, run.head_sha).map((pull) =>
      presentPullMinimal(forge, repository, pull),
    ),
  };
}

/** The form inside `check_run` events: the suite is spelt out. */
export function presentCheckRunEvent(forge: ForgeContext, repository: RepositoryRow, run: CheckRunRow) {
  const suite = checkSuiteById(forge.database, repository.id, run.suite_id)!;
  const { status, conclusion } = suiteOutcome(checkRunsOf(forge.database, repository.id, suite.head_sha, latestOf(suite)));
  const presented = presentCheckRun(forge, repository, run);
  return {
    ...presented,
    check_suite: {
      id: suite.id,
      node_id: nodeId('CheckSuite', suite.id),
      head_branch: suite.head_branch,
      head_sha: suite.head_sha,
      status,
      conclusion,
      url: `${apiOf(forge, repository)}/check-suites/${suite.id}`,
      before: suite.before_sha,
      after: suite.head_sha,
      pull_requests: presented.pull_requests,
      app: presented.app,
      created_at: isoTime(suite.created_at),
      updated_at: isoTime(suite.updated_at),
    },
  };
}

export function latestOf(suite: CheckSuiteRow) {
  return { name: null, status: null, appId: suite.app_id, suiteId: suite.id, which: 'latest' as const };
}

export function presentCheckSuite(forge: ForgeContext, repository: RepositoryRow, suite: CheckSuiteRow, head: Commit) {
  const url = `${apiOf(forge, repository)}/check-suites/${suite.id}`;
  const runs = checkRunsOf(forge.database, repository.id, suite.head_sha, latestOf(suite));
  const { status, conclusion } = suiteOutcome(runs);
  return {
    id: suite.id,
    node_id: nodeId('CheckSuite', suite.id),
    head_branch: suite.head_branch,
    head_sha: suite.head_sha,
    status,
    conclusion,
    url,
    before: suite.before_sha,
    after: suite.head_sha,
    pull_requests: openPullsAtHead(forge.database, repository.id, suite.head_sha).map((pull) =>
      presentPullMinimal(forge, repository, pull),
    ),
    app: presentApp(forge, appById(forge.database, suite.app_id)!),
    repository: presentRepository(forge, repository),
    created_at: isoTime(suite.created_at),
    updated_at: isoTime(suite.updated_at),
    head_commit: presentSimpleCommit(head),
    latest_check_runs_count: runs.length,
    check_runs_url: `${url}/check-runs`,
    rerequestable: true,
    runs_rerequestable: true,
  };
}

const worstFirst = [
  'failure',
  'timed_out',
  'cancelled',
  'action_required',
  'startup_failure',
  'stale',
  'success',
  'neutral',
  'skipped',
];

/** A suite is what its latest runs are: completed when all are, and then as bad as the worst. */
export function suiteOutcome(runs: readonly CheckRunRow[]): { status: string; conclusion: string | null } {
  if (runs.length === 0) return { status: 'queued', conclusion: null };
  if (runs.some((run) => run.status !== 'completed')) {
    return { status: runs.every((run) => run.status === 'queued') ? 'queued' : 'in_progress', conclusion: null };
  }
  const conclusions = new Set(runs.map((run) => run.conclusion));
  return { status: 'completed', conclusion: worstFirst.find((conclusion) => conclusions.has(conclusion)) ?? 'neutral' };
}

export function presentAnnotation(forge: ForgeContext, repository: RepositoryRow, run: CheckRunRow, annotation: AnnotationRow) {
  return {
    path: annotation.path,
    start_line: annotation.start_line,
    end_line: annotation.end_line,
    start_column: annotation.start_column,
    end_column: annotation.end_column,
    annotation_level: annotation.level,
    title: annotation.title,
    message: annotation.message,
    raw_details: annotation.raw_details,
    blob_href: `${htmlOf(forge, repository)}/blob/${run.head_sha}/${escapePath(annotation.path)}`,
  };
}

/** The form of the combined status. */
export function presentSimpleStatus(forge: ForgeContext, repository: RepositoryRow, status: StatusRow) {
  const creator = presentUserById(forge, status.creator_id);
  return {
    id: status.id,
    node_id: nodeId('Status', status.id),
    url: `${apiOf(forge, repository)}/statuses/${status.sha}`,
    avatar_url: creator.avatar_url,
    state: status.state,
    context: status.context,
    description: status.description,
    target_url: status.target_url,
    created_at: isoTime(status.created_at),
    updated_at: isoTime(status.created_at),
  };
}

export function presentStatus(forge: ForgeContext, repository: RepositoryRow, status: StatusRow) {
  return { ...presentSimpleStatus(forge, repository, status), creator: presentUserById(forge, status.creator_id) };
}
