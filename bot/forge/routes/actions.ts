import { Hono } from 'hono';
import { z } from 'zod';
import { authorOf, demand, needs } from '#bot/forge/auth/access.ts';
import type { ForgeContext } from '#bot/forge/context.ts';
import { emit } from '#bot/forge/events/emit.ts';
import { notFound } from '#bot/forge/http/api-error.ts';
import { pageOfFound, sliceOf } from '#bot/forge/http/pagination.ts';
import { type ForgeEnv, type ForgeRequest, numberIn, readBody } from '#bot/forge/http/request.ts';
import { presentWorkflowJob, presentWorkflowRun } from '#bot/forge/present/workflow-run.ts';
import { findWorkflowRuns, jobsOfRun, type WorkflowRunRow, workflowRunById } from '#bot/forge/queries/workflow-runs.ts';

const DispatchRequest = z.object({
  ref: z.string().min(1),
  inputs: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)).default({}),
});

/** Workflows: started by hand, looked at afterwards. */
export function actionRoutes(forge: ForgeContext): Hono<ForgeEnv> {
  const app = new Hono<ForgeEnv>();

  app.post('/repos/:owner/:repo/actions/workflows/:workflow_id/dispatches', async (c) => {
    demand(c, needs.startWorkflows);
    const repository = c.get('repository');
    const actor = authorOf(c).user;
    const { ref, inputs } = await readBody(c, DispatchRequest, 'WorkflowDispatch');
    const run = await forge.actions().dispatch(repository, { file: c.req.param('workflow_id'), ref, inputs, actor });
    const body = { inputs, ref: `refs/heads/${run.ref}`, workflow: run.path };
    emit(forge, { name: 'workflow_dispatch', action: null, repository, sender: actor, body });
    return c.body(null, 204);
  });

  app.get('/repos/:owner/:repo/actions/runs', (c) => {
    demand(c, needs.readActions);
    const repository = c.get('repository');
    const found = findWorkflowRuns(forge.database, repository.id, sliceOf(c));
    const runs = pageOfFound(c, found).map((run) => presentWorkflowRun(forge, repository, run));
    return c.json({ total_count: found.total, workflow_runs: runs });
  });

  app.get('/repos/:owner/:repo/actions/runs/:run_id', (c) => {
    demand(c, needs.readActions);
    return c.json(presentWorkflowRun(forge, c.get('repository'), runIn(forge, c)));
  });

  app.get('/repos/:owner/:repo/actions/runs/:run_id/jobs', (c) => {
    demand(c, needs.readActions);
    const run = runIn(forge, c);
    const jobs = jobsOfRun(forge.database, run.id).map((job) => presentWorkflowJob(forge, c.get('repository'), run, job));
    return c.json({ total_count: jobs.length, jobs });
  });

  return app;
}

function runIn(forge: ForgeContext, c: ForgeRequest): WorkflowRunRow {
  const run = workflowRunById(forge.database, c.get('repository').id, numberIn(c, 'run_id'));
  if (run === undefined) throw notFound();
  return run;
}
