import type { ForgeDatabase } from '#bot/forge/database/open-database.ts';
import type { Found, Slice } from './issues.ts';
import type { DeploymentRow, DeploymentStatusRow } from './rows.ts';

export interface DeploymentFilter {
  sha: string | null;
  ref: string | null;
  task: string | null;
  environment: string | null;
}

/** Deployments, newest first. */
export function findDeployments(
  database: ForgeDatabase,
  repositoryId: number,
  filter: DeploymentFilter,
  slice: Slice,
): Found<DeploymentRow> {
  const where = `repository_id = @repositoryId AND (@sha IS NULL OR sha = @sha) AND (@ref IS NULL OR ref = @ref)
    AND (@task IS NULL OR task = @task) AND (@environment IS NULL OR environment = @environment)`;
  const parameters = { repositoryId, ...filter };
  return {
    total: database.prepare<[object], { n: number }>(`SELECT COUNT(*) AS n FROM deployments WHERE ${where}`).get(parameters)!.n,
    rows: database
      .prepare<[object], DeploymentRow>(`SELECT * FROM deployments WHERE ${where} ORDER BY id DESC LIMIT @limit OFFSET @offset`)
      .all({ ...parameters, ...slice }),
  };
}

export function deploymentById(database: ForgeDatabase, repositoryId: number, id: number): DeploymentRow | undefined {
  return database
    .prepare<[number, number], DeploymentRow>('SELECT * FROM deployments WHERE repository_id = ? AND id = ?')
    .get(repositoryId, id);
}

/** Statuses of a deployment, newest first. */
export function deploymentStatusesOf(database: ForgeDatabase, deploymentId: number): DeploymentStatusRow[] {
  return database
    .prepare<[number], DeploymentStatusRow>('SELECT * FROM deployment_statuses WHERE deployment_id = ? ORDER BY id DESC')
    .all(deploymentId);
}
