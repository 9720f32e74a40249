import { z } from 'zod';
import type { ForgeContext } from '#bot/forge/context.ts';
import type { RepositoryRow } from '#bot/forge/queries/rows.ts';
import type { WorkflowJobRow, WorkflowRunRow } from '#bot/forge/queries/workflow-runs.ts';
import { presentUserById } from './accounts.ts';
import { apiRoot, isoTime, isoTimeOrNull, nodeId } from './addresses.ts';

/** The parts of GitHub's `workflow-run` that have a meaning here. */
export function presentWorkflowRun(forge: ForgeContext, repository: RepositoryRow, run: WorkflowRunRow) {
  const url = `${apiRoot(forge)}/repos/${repository.owner}/${repository.name}/actions/runs/${run.id}`;
  return {
    id: run.id,
    node_id: nodeId('WorkflowRun', run.id),
    name: run.name,
    path: run.path,
    run_number: run.number,
    run_attempt: 1,
    event: run.event,
    status: run.status,
    conclusion: run.conclusion,
    head_branch: run.ref,
    head_sha: run.sha,
    actor: presentUserById(forge, run.actor_id),
    triggering_actor: presentUserById(forge, run.actor_id),
    url,
    html_url: `${forge.url()}/${repository.owner}/${repository.name}/actions/runs/${run.id}`,
    jobs_url: `${url}/jobs`,
    created_at: isoTime(run.created_at),
    updated_at: isoTime(run.updated_at),
    run_started_at: isoTime(run.created_at),
  };
}

export const StepLines = z.array(z.object({ name: z.string(), conclusion: z.string() }));

export function presentWorkflowJob(forge: ForgeContext, repository: RepositoryRow, run: WorkflowRunRow, job: WorkflowJobRow) {
  return {
    id: job.id,
    run_id: run.id,
    node_id: nodeId('WorkflowJob', job.id),
    name: job.name,
    head_sha: run.sha,
    status: job.status,
    conclusion: job.conclusion,
    started_at: isoTime(job.started_at),
    completed_at: isoTimeOrNull(job.completed_at),
    html_url: `${forge.url()}/${repository.owner}/${repository.name}/actions/runs/${run.id}#job-${job.id}`,
    steps: StepLines.parse(JSON.parse(job.steps)).map(({ name, conclusion }, index) => ({
      name,
      status: 'completed',
      conclusion,
      number: index + 1,
    })),
  };
}
