import type { ForgeContext } from '#bot/forge/context.ts';
import type { DeploymentRow, DeploymentStatusRow, RepositoryRow } from '#bot/forge/queries/rows.ts';
import { presentUserById } from './accounts.ts';
import { apiOf, isoTime, nodeId } from './addresses.ts';
import { presentViaApp } from './issue.ts';

export function presentDeployment(forge: ForgeContext, repository: RepositoryRow, deployment: DeploymentRow) {
  const url = `${apiOf(forge, repository)}/deployments/${deployment.id}`;
  return {
    id: deployment.id,
    node_id: nodeId('Deployment', deployment.id),
    url,
    sha: deployment.sha,
    ref: deployment.ref,
    task: deployment.task,
    payload: JSON.parse(deployment.payload) as Record<string, unknown> | string,
    original_environment: deployment.environment,
    environment: deployment.environment,
    description: deployment.description,
    creator: presentUserById(forge, deployment.creator_id),
    created_at: isoTime(deployment.created_at),
    updated_at: isoTime(deployment.updated_at),
    statuses_url: `${url}/statuses`,
    repository_url: apiOf(forge, repository),
    transient_environment: deployment.transient_environment === 1,
    production_environment: deployment.production_environment === 1,
    performed_via_github_app: presentViaApp(forge, deployment.app_id),
  };
}

export function presentDeploymentStatus(forge: ForgeContext, repository: RepositoryRow, status: DeploymentStatusRow) {
  const deployment = `${apiOf(forge, repository)}/deployments/${status.deployment_id}`;
  return {
    id: status.id,
    node_id: nodeId('DeploymentStatus', status.id),
    url: `${deployment}/statuses/${status.id}`,
    state: status.state,
    creator: presentUserById(forge, status.creator_id),
    description: status.description,
    environment: status.environment,
    ...(status.environment_url === '' ? {} : { environment_url: status.environment_url }),
    // GitHub keeps one address under two names; target_url is the old one.
    target_url: status.log_url,
    ...(status.log_url === '' ? {} : { log_url: status.log_url }),
    created_at: isoTime(status.created_at),
    updated_at: isoTime(status.created_at),
    deployment_url: deployment,
    repository_url: apiOf(forge, repository),
    performed_via_github_app: presentViaApp(forge, status.app_id),
  };
}
