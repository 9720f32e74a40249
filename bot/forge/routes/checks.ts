import { Hono } from 'hono';
import { z } from 'zod';
import { demand, denied, holds, needs } from '#bot/forge/auth/access.ts';
import { type ForgeContext, gitDirOf } from '#bot/forge/context.ts';
import { insertRow, updateRow } from '#bot/forge/database/write-row.ts';
import { emit } from '#bot/forge/events/emit.ts';
import { type Commit, readCommit } from '#bot/forge/git/commits.ts';
import { objectType } from '#bot/forge/git/references.ts';
import { ApiError, invalid, notFound } from '#bot/forge/http/api-error.ts';
import { pageOfFound, pageOfList, sliceOf } from '#bot/forge/http/pagination.ts';
import { type ForgeEnv, type ForgeRequest, numberIn, readBody } from '#bot/forge/http/request.ts';
import {
  latestOf,
  presentAnnotation,
  presentCheckRun,
  presentCheckRunEvent,
  presentCheckSuite,
  suiteOutcome,
} from '#bot/forge/present/checks.ts';
import {
  annotationsOf,
  checkRunById,
  checkRunsOf,
  checkSuiteById,
  checkSuiteFor,
  checkSuitesOf,
} from '#bot/forge/queries/checks.ts';
import { openPullsAtHead } from '#bot/forge/queries/issues.ts';
import type { AppRow, CheckRunRow, CheckSuiteRow, RepositoryRow, UserRow } from '#bot/forge/queries/rows.ts';
import { commitIn } from './commits.ts';

const maxTextCharacters = 65_535;
const Time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const Conclusion = z.enum(['action_required', 'cancelled', 'failure', 'neutral', 'success', 'skipped', 'stale', 'timed_out']);
const Line = z.number().int().min(0);
const Annotation = z.object({
  path: z.string(),
  start_line: Line,
  end_line: Line,
  start_column: Line.optional(),
  end_column: Line.optional(),
  annotation_level: z.enum(['notice', 'warning', 'failure']),
  message: z.string().min(1),
  title: z.string().max(255).optional(),
  raw_details: z.string().optional(),
});
const Output = z.object({
  title: z.string().optional(),
  summary: z.string().max(maxTextCharacters),
  text: z.string().max(maxTextCharacters).nullable().optional(),
  annotations: z.array(Annotation).max(50).default([]),
});
const Action = z.object({ label: z.string().max(20), description: z.string().max(40), identifier: z.string().max(20) });
const RunFields = z.object({
  details_url: z.string().optional(),
  external_id: z.string().optional(),
  status: z.enum(['queued', 'in_progress', 'completed', 'waiting', 'requested', 'pending']).optional(),
  started_at: Time.optional(),
  conclusion: Conclusion.optional(),
  completed_at: Time.optional(),
  actions: z.array(Action).max(3).optional(),
});
const NewRun = RunFields.extend({
  name: z.string().min(1),
  head_sha: z.string(),
  output: Output.extend({ title: z.string() }).optional(),
});
const RunChange = RunFields.extend({ name: z.string().min(1).optional(), output: Output.optional() });

/** Check runs and suites. Only an app may write them, and only its own. */
export function checkRoutes(forge: ForgeContext): Hono<ForgeEnv> {
  const app = new Hono<ForgeEnv>();

  app.post('/repos/:owner/:repo/check-runs', async (c) => {
    const { app: owner, user } = demandApp(forge, c);
    const repository = c.get('repository');
    const request = await readBody(c, NewRun, 'CheckRun');
    const gitDir = gitDirOf(forge, repository);
    const known = /^[0-9a-f]{40}$/.test(request.head_sha) && (await objectType(gitDir, request.head_sha)) === 'commit';
    if (!known) throw new ApiError(422, `No commit found for SHA: ${request.head_sha}`);
    const head = await readCommit(gitDir, request.head_sha);
    const run = forge.database.transaction(() => createRun(forge, repository, owner, user, head, request))();
    return c.json(presentCheckRun(forge, repository, run), 201);
  });

  app.get('/repos/:owner/:repo/check-runs/:check_run_id', (c) => {
    demand(c, needs.readChecks);
    return c.json(presentCheckRun(forge, c.get('repository'), runIn(forge, c)));
  });

  app.patch('/repos/:owner/:repo/check-runs/:check_run_id', async (c) => {
    const { app: owner, user } = demandApp(forge, c);
    const repository = c.get('repository');
    const run = runIn(forge, c);
    if (run.app_id !== owner.id)
      throw new ApiError(403, `Invalid app_id ${owner.id} - check run can only be modified by the GitHub App that created it.`);
    const request = await readBody(c, RunChange, 'CheckRun');
    const head = await readCommit(gitDirOf(forge, repository), run.head_sha);
    const changed = forge.database.transaction(() => changeRun(forge, repository, user, head, run, request))();
    return c.json(presentCheckRun(forge, repository, changed));
  });

  app.get('/repos/:owner/:repo/check-runs/:check_run_id/annotations', (c) => {
    demand(c, needs.readChecks);
    const run = runIn(forge, c);
    const found = annotationsOf(forge.database, run.id, sliceOf(c));
    return c.json(pageOfFound(c, found).map((annotation) => presentAnnotation(forge, c.get('repository'), run, annotation)));
  });

  app.post('/repos/:owner/:repo/check-runs/:check_run_id/rerequest', (c) => {
    demand(c, needs.writeContents);
    const repository = c.get('repository');
    const run = runIn(forge, c);
    tellRun(forge, repository, senderOf(c), run, 'rerequested', run.app_id);
    return c.json({}, 201);
  });

  app.post('/repos/:owner/:repo/check-suites/:check_suite_id/rerequest', async (c) => {
    demand(c, needs.writeContents);
    const repository = c.get('repository');
    const suite = suiteIn(forge, c);
    const head = await readCommit(gitDirOf(forge, repository), suite.head_sha);
    tellSuite(forge, repository, senderOf(c), suite, head, 'rerequested', suite.app_id);
    return c.json({}, 201);
  });

  app.get('/repos/:owner/:repo/check-suites/:check_suite_id', async (c) => {
    demand(c, needs.readChecks);
    const suite = suiteIn(forge, c);
    const head = await readCommit(gitDirOf(forge, c.get('repository')), suite.head_sha);
    return c.json(presentCheckSuite(forge, c.get('repository'), suite, head));
  });

  app.get('/repos/:owner/:repo/check-suites/:check_suite_id/check-runs', (c) => {
    demand(c, needs.readChecks);
    return c.json(presentRuns(forge, c, null, suiteIn(forge, c).id));
  });

  app.get('/repos/:owner/:repo/commits/:ref{.+}/check-runs', async (c) => {
    demand(c, needs.readChecks);
    return c.json(presentRuns(forge, c, await commitIn(forge, c, 'ref'), null));
  });

  app.get('/repos/:owner/:repo/commits/:ref{.+}/check-suites', async (c) => {
    demand(c, needs.readChecks);
    const repository = c.get('repository');
    const sha = await commitIn(forge, c, 'ref');
    const head = await readCommit(gitDirOf(forge, repository), sha);
    const appId = c.req.query('app_id');
    const suites = checkSuitesOf(forge.database, repository.id, sha).filter(
      (suite) => appId === undefined || String(suite.app_id) === appId,
    );
    return c.json({
      total_count: suites.length,
      check_suites: pageOfList(c, suites).map((suite) => presentCheckSuite(forge, repository, suite, head)),
    });
  });

  return app;
}

function presentRuns(forge: ForgeContext, c: ForgeRequest, sha: string | null, suiteId: number | null) {
  const appId = c.req.query('app_id');
  const runs = checkRunsOf(forge.database, c.get('repository').id, sha, {
    name: c.req.query('check_name') ?? null,
    status: c.req.query('status') ?? null,
    appId: appId === undefined ? null : Number(appId),
    suiteId,
    which: c.req.query('filter') === 'all' ? 'all' : 'latest',
  });
  return {
    total_count: runs.length,
    check_runs: pageOfList(c, runs).map((run) => presentCheckRun(forge, c.get('repository'), run)),
  };
}

function demandApp(forge: ForgeContext, c: ForgeRequest): { app: AppRow; user: UserRow } {
  const actor = c.get('actor');
  const need = { permissions: ['checks'], level: 'write', role: 'write' } as const;
  if (actor.kind === 'user') throw new ApiError(403, 'You must authenticate via a GitHub App.');
  if (actor.kind !== 'installation' || !holds(forge, actor, c.get('repository'), need)) throw denied(actor, need);
  return { app: actor.app, user: actor.user };
}

function senderOf(c: ForgeRequest): UserRow {
  const actor = c.get('actor');
  if (actor.kind === 'user' || actor.kind === 'installation') return actor.user;
  throw denied(actor, needs.writeContents);
}

function runIn(forge: ForgeContext, c: ForgeRequest): CheckRunRow {
  const run = checkRunById(forge.database, c.get('repository').id, numberIn(c, 'check_run_id'));
  if (run === undefined) throw notFound();
  return run;
}

function suiteIn(forge: ForgeContext, c: ForgeRequest): CheckSuiteRow {
  const suite = checkSuiteById(forge.database, c.get('repository').id, numberIn(c, 'check_suite_id'));
  if (suite === undefined) throw notFound();
  return suite;
}

/** A conclusion completes a run; a completed run has one. */
function outcomeOf(request: z.output<typeof RunFields>, now: number) {
  if (request.status === 'completed' && request.conclusion === undefined) {
    throw invalid({ resource: 'CheckRun', field: 'conclusion', code: 'missing_field' });
  }
  if (request.conclusion === undefined)
    return request.status === undefined ? null : { status: request.status, conclusion: null, completed_at: null };
  if (request.conclusion === 'stale') throw new ApiError(422, 'Only GitHub can mark a check run as stale.');
  return { status: 'completed', conclusion: request.conclusion, completed_at: request.completed_at ?? now };
}

function createRun(
  forge: ForgeContext,
  repository: RepositoryRow,
  app: AppRow,
  sender: UserRow,
  head: Commit,
  request: z.output<typeof NewRun>,
): CheckRunRow {
  const now = forge.clock();
  const suite = suiteOf(forge, repository, app, sender, head);
  const outcome = outcomeOf(request, now) ?? { status: 'queued', conclusion: null, completed_at: null };
  const id = insertRow(forge.database, 'check_runs', {
    repository_id: repository.id,
    suite_id: suite.id,
    app_id: app.id,
    head_sha: head.sha,
    name: request.name,
    ...outcome,
    external_id: request.external_id ?? '',
    details_url: request.details_url ?? null,
    title: request.output?.title ?? null,
    summary: request.output?.summary ?? null,
    text: request.output?.text ?? null,
    actions: JSON.stringify(request.actions ?? []),
    started_at: request.started_at ?? now,
  });
  addAnnotations(forge, id, request.output?.annotations ?? []);
  const run = checkRunById(forge.database, repository.id, id)!;
  tellRun(forge, repository, sender, run, 'created', null);
  if (run.status === 'completed') tellCompletion(forge, repository, sender, head, run);
  return run;
}

function changeRun(
  forge: ForgeContext,
  repository: RepositoryRow,
  sender: UserRow,
  head: Commit,
  run: CheckRunRow,
  request: z.output<typeof RunChange>,
): CheckRunRow {
  const outcome = outcomeOf(request, forge.clock());
  updateRow(forge.database, 'check_runs', 'id', run.id, {
    ...(outcome ?? {}),
    ...(request.name === undefined ? {} : { name: request.name }),
    ...(request.external_id === undefined ? {} : { external_id: request.external_id }),
    ...(request.details_url === undefined ? {} : { details_url: request.details_url }),
    ...(request.started_at === undefined ? {} : { started_at: request.started_at }),
    ...(request.actions === undefined ? {} : { actions: JSON.stringify(request.actions) }),
    ...(request.output === undefined
      ? {}
      : {
          title: request.output.title ?? run.title,
          summary: request.output.summary,
          text: request.output.text === undefined ? run.text : request.output.text,
        }),
  });
  // Annotations add up over requests: fifty at a time is all one may carry.
  addAnnotations(forge, run.id, request.output?.annotations ?? []);
  const changed = checkRunById(forge.database, repository.id, run.id)!;
  if (changed.status === 'completed' && run.status !== 'completed') tellCompletion(forge, repository, sender, head, changed);
  return changed;
}

function addAnnotations(forge: ForgeContext, runId: number, annotations: ReadonlyArray<z.output<typeof Annotation>>): void {
  for (const annotation of annotations) {
    insertRow(forge.database, 'annotations', {
      check_run_id: runId,
      path: annotation.path,
      start_line: annotation.start_line,
      end_line: annotation.end_line,
      start_column: annotation.start_column ?? null,
      end_column: annotation.end_column ?? null,
      level: annotation.annotation_level,
      message: annotation.message,
      title: annotation.title ?? null,
      raw_details: annotation.raw_details ?? null,
    });
  }
}

/** The app's suite for a commit, made when the app runs a check on a commit that no push brought. */
function suiteOf(forge: ForgeContext, repository: RepositoryRow, app: AppRow, sender: UserRow, head: Commit): CheckSuiteRow {
  const found = checkSuiteFor(forge.database, repository.id, app.id, head.sha);
  if (found !== undefined) return found;
  const now = forge.clock();
  const id = insertRow(forge.database, 'check_suites', {
    repository_id: repository.id,
    app_id: app.id,
    head_sha: head.sha,
    head_branch: openPullsAtHead(forge.database, repository.id, head.sha)[0]?.head_ref ?? null,
    created_at: now,
    updated_at: now,
  });
  const suite = checkSuiteById(forge.database, repository.id, id)!;
  tellSuite(forge, repository, sender, suite, head, 'requested', app.id);
  return suite;
}

function tellCompletion(forge: ForgeContext, repository: RepositoryRow, sender: UserRow, head: Commit, run: CheckRunRow): void {
  tellRun(forge, repository, sender, run, 'completed', null);
  const suite = checkSuiteById(forge.database, repository.id, run.suite_id)!;
  updateRow(forge.database, 'check_suites', 'id', suite.id, { updated_at: forge.clock() });
  const { status } = suiteOutcome(checkRunsOf(forge.database, repository.id, suite.head_sha, latestOf(suite)));
  if (status === 'completed') tellSuite(forge, repository, sender, suite, head, 'completed', null);
}

function tellRun(
  forge: ForgeContext,
  repository: RepositoryRow,
  sender: UserRow,
  run: CheckRunRow,
  action: string,
  onlyAppId: number | null,
): void {
  emit(forge, {
    name: 'check_run',
    action,
    repository,
    sender,
    body: { check_run: presentCheckRunEvent(forge, repository, run) },
    ...(onlyAppId === null ? {} : { onlyAppId }),
  });
}

function tellSuite(
  forge: ForgeContext,
  repository: RepositoryRow,
  sender: UserRow,
  suite: CheckSuiteRow,
  head: Commit,
  action: string,
  onlyAppId: number | null,
): void {
  emit(forge, {
    name: 'check_suite',
    action,
    repository,
    sender,
    body: { check_suite: presentCheckSuite(forge, repository, suite, head) },
    ...(onlyAppId === null ? {} : { onlyAppId }),
  });
}
