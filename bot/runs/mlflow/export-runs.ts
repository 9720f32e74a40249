import type { RunRecord } from '#bot/runs/run-record.ts';
import type { MlflowClient, MlflowRun } from './mlflow-client.ts';
import { batches, FORM_TAG, ID_TAG, mlflowForm } from './mlflow-form.ts';

export interface Exported {
  readonly experiment: string;
  /** How many were new to the server. */
  readonly sent: number;
  /** How many an earlier export had begun and not ended. */
  readonly finished: number;
  /** How many were there already, or had been and were deleted there. */
  readonly there: number;
}

/**
 * Sends every run that the experiment does not have. A run is made, filled and then said to be finished: an export that is cut off leaves
 * at most one that is not, and the next one sends what that lacks.
 * @throws RatchetError as `MlflowClient` does
 */
export async function exportRuns(client: MlflowClient, experiment: string, runs: readonly RunRecord[]): Promise<Exported> {
  const id = await client.experiment(experiment);
  const there = new Map<string, MlflowRun>();
  for (const run of runs.length === 0 ? [] : await client.runsWith(id, { key: FORM_TAG, value: runs[0]!.schema })) {
    const name = run.tags.get(ID_TAG) ?? '';
    // Of two with one name, a finished one counts.
    if (there.get(name)?.isFinished !== true) there.set(name, run);
  }
  const counts = { sent: 0, finished: 0, there: 0 };
  for (const run of runs) {
    const known = there.get(run.id);
    if (known !== undefined && (known.isFinished || known.isDeleted)) {
      counts.there += 1;
      continue;
    }
    await send(client, id, run, known ?? null);
    counts[known === undefined ? 'sent' : 'finished'] += 1;
  }
  return { experiment, ...counts };
}

async function send(client: MlflowClient, experiment: string, run: RunRecord, begun: MlflowRun | null): Promise<void> {
  const { name, time, tags, params, metrics } = mlflowForm(run);
  const id = begun?.id ?? (await client.createRun(experiment, name, time, tags));
  // A metric that is logged twice would be there twice.
  const lacking = {
    params: params.filter(({ key }) => begun?.params.has(key) !== true),
    metrics: metrics.filter(({ key }) => begun?.metrics.has(key) !== true),
  };
  for (const batch of batches(lacking)) await client.logBatch(id, batch);
  await client.finish(id, time);
}
