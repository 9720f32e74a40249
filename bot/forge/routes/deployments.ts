import { Hono } from 'hono';
import { z } from 'zod';
import { authorOf, demand, needs } from '#bot/forge/auth/access.ts';
import { type ForgeContext, gitDirOf } from '#bot/forge/context.ts';
import { insertRow, updateRow } from '#bot/forge/database/write-row.ts';
import { emit } from '#bot/forge/events/emit.ts';
import { resolveCommit } from '#bot/forge/git/references.ts';
import { ApiError, notFound } from '#bot/forge/http/api-error.ts';
import { pageOfFound, pageOfList, sliceOf } from '#bot/forge/http/pagination.ts';
import { type ForgeEnv, type ForgeRequest, numberIn, readBody } from '#bot/forge/http/request.ts';
import { presentDeployment, presentDeploymentStatus } from '#bot/forge/present/deployment.ts';
import { verdictOf } from '#bot/forge/protection/required-checks.ts';
import { checkRunsOf, latestStatusesOf } from '#bot/forge/queries/checks.ts';
import { deploymentById, deploymentStatusesOf, findDeployments } from '#bot/forge/queries/deployments.ts';
import type { DeploymentRow, RepositoryRow } from '#bot/forge/queries/rows.ts';

const NewDeployment = z.object({
  ref: z.string().min(1),
  task: z.string().default('deploy'),
  auto_merge: z.boolean().default(true),
  required_contexts: z.array(z.string()).optional(),
  payload: z.union([z.record(z.string(), z.unknown()), z.string()]).default(''),
  environment: z.string().default('production'),
  description: z.string().nullable().default(''),
  transient_environment: z.boolean().default(false),
  production_environment: z.boolean().optional(),
});
const NewStatus = z.object({
  state: z.enum(['error', 'failure', 'inactive', 'in_progress', 'queued', 'pending', 'success']),
  target_url: z.string().optional(),
  log_url: z.string().optional(),
  description: z.string().max(140).default(''),
  environment: z.string().optional(),
  environment_url: z.string().default(''),
  auto_inactive: z.boolean().default(true),
});

/** Deployments and how they went. */
export function deploymentRoutes(forge: ForgeContext): Hono<ForgeEnv> {
  const app = new Hono<ForgeEnv>();

  app.get('/repos/:owner/:repo/deployments', (c) => {
    demand(c, needs.readDeployments);
    const repository = c.get('repository');
    // GitHub documents the word "none" as the filter that filters nothing.
    const filter = (name: string) => {
      const value = c.req.query(name);
      return value === undefined || value === 'none' ? null : value;
    };
    const found = findDeployments(
      forge.database,
      repository.id,
      { sha: filter('sha'), ref: filter('ref'), task: filter('task'), environment: filter('environment') },
      sliceOf(c),
    );
    return c.json(pageOfFound(c, found).map((deployment) => presentDeployment(forge, repository, deployment)));
  });

  app.post('/repos/:owner/:repo/deployments', async (c) => {
    demand(c, needs.writeDeployments);
    const repository = c.get('repository');
    const author = authorOf(c);
    const request = await readBody(c, NewDeployment, 'Deployment');
    const sha = await resolveCommit(gitDirOf(forge, repository), request.ref);
    if (sha === null) throw new ApiError(422, `No ref found for: ${request.ref}`);
    refuseUnchecked(forge, repository, sha, request.required_contexts);
    const id = forge.database.transaction(() => {
      const now = forge.clock();
      const deployment = insertRow(forge.database, 'deployments', {
        repository_id: repository.id,
        sha,
        ref: request.ref,
        task: request.task,
        environment: request.environment,
        description: request.description,
        payload: JSON.stringify(request.payload),
        transient_environment: request.transient_environment ? 1 : 0,
        production_environment: (request.production_environment ?? request.environment === 'production') ? 1 : 0,
        creator_id: author.user.id,
        app_id: author.appId,
        created_at: now,
        updated_at: now,
      });
      emit(forge, {
        name: 'deployment',
        action: 'created',
        repository,
        sender: author.user,
        body: {
          deployment: presentDeployment(forge, repository, deploymentById(forge.database, repository.id, deployment)!),
          workflow: null,
          workflow_run: null,
        },
      });
      return deployment;
    })();
    return c.json(presentDeployment(forge, repository, deploymentById(forge.database, repository.id, id)!), 201);
  });

  app.get('/repos/:owner/:repo/deployments/:deployment_id', (c) => {
    demand(c, needs.readDeployments);
    return c.json(presentDeployment(forge, c.get('repository'), deploymentIn(forge, c)));
  });

  app.get('/repos/:owner/:repo/deployments/:deployment_id/statuses', (c) => {
    demand(c, needs.readDeployments);
    const rows = deploymentStatusesOf(forge.database, deploymentIn(forge, c).id);
    return c.json(pageOfList(c, rows).map((row) => presentDeploymentStatus(forge, c.get('repository'), row)));
  });

  app.post('/repos/:owner/:repo/deployments/:deployment_id/statuses', async (c) => {
    demand(c, needs.writeDeployments);
    const deployment = deploymentIn(forge, c);
    const request = await readBody(c, NewStatus, 'DeploymentStatus');
    const id = forge.database.transaction(() => {
      if (request.state === 'success' && request.auto_inactive) retireOthers(forge, c, deployment);
      return addStatus(forge, c, deployment, request);
    })();
    const row = deploymentStatusesOf(forge.database, deployment.id).find((status) => status.id === id)!;
    return c.json(presentDeploymentStatus(forge, c.get('repository'), row), 201);
  });

  return app;
}

function deploymentIn(forge: ForgeContext, c: ForgeRequest): DeploymentRow {
  const deployment = deploymentById(forge.database, c.get('repository').id, numberIn(c, 'deployment_id'));
  if (deployment === undefined) throw notFound();
  return deployment;
}

/** 409 while checks are not content: all of those named, or, when none are named, every one the commit has. */
function refuseUnchecked(
  forge: ForgeContext,
  repository: RepositoryRow,
  sha: string,
  named: readonly string[] | undefined,
): void {
  const contexts = named ?? [
    ...checkRunsOf(forge.database, repository.id, sha).map((run) => run.name),
    ...latestStatusesOf(forge.database, repository.id, sha).map((status) => status.context),
  ];
  const unhappy = contexts.filter((context) => verdictOf(forge, repository, sha, { context, appId: null }) !== 'success');
  if (unhappy.length === 0) return;
  throw new ApiError(
    409,
    `Conflict: Commit status checks failed for ${sha.slice(0, 7)}.`,
    unhappy.map((context) => ({
      resource: 'Deployment',
      field: 'required_contexts',
      code: 'invalid' as const,
      message: context,
    })),
  );
}

function addStatus(forge: ForgeContext, c: ForgeRequest, deployment: DeploymentRow, request: z.output<typeof NewStatus>): number {
  const repository = c.get('repository');
  const author = authorOf(c);
  const now = forge.clock();
  const id = insertRow(forge.database, 'deployment_statuses', {
    deployment_id: deployment.id,
    state: request.state,
    description: request.description,
    environment: request.environment ?? deployment.environment,
    environment_url: request.environment_url,
    log_url: request.log_url ?? request.target_url ?? '',
    creator_id: author.user.id,
    app_id: author.appId,
    created_at: now,
  });
  updateRow(forge.database, 'deployments', 'id', deployment.id, { updated_at: now });
  const row = deploymentStatusesOf(forge.database, deployment.id).find((status) => status.id === id)!;
  emit(forge, {
    name: 'deployment_status',
    action: 'created',
    repository,
    sender: author.user,
    body: {
      deployment: presentDeployment(forge, repository, deploymentById(forge.database, repository.id, deployment.id)!),
      deployment_status: presentDeploymentStatus(forge, repository, row),
    },
  });
  return id;
}

/** A success makes the older successes of the same environment inactive, unless they are production or transient: GitHub's rule. */
function retireOthers(forge: ForgeContext, c: ForgeRequest, deployment: DeploymentRow): void {
  const same = { sha: null, ref: null, task: null, environment: deployment.environment };
  const { rows } = findDeployments(forge.database, deployment.repository_id, same, { limit: 1000, offset: 0 });
  for (const other of rows) {
    if (other.id === deployment.id || other.transient_environment === 1 || other.production_environment === 1) continue;
    if (deploymentStatusesOf(forge.database, other.id)[0]?.state !== 'success') continue;
    addStatus(forge, c, other, NewStatus.parse({ state: 'inactive' }));
  }
}
