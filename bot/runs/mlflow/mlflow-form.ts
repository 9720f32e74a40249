import { shortened, visible } from '#bot/evidence/markdown.ts';
import type { RunRecord } from '#bot/runs/run-record.ts';
import { canonicalJson, digestOf } from '#engine/attestation/canonical.ts';
import type { MlflowBatch, MlflowMetric, MlflowTag } from './mlflow-client.ts';

/** The tag that says which run it is: what is sent once is known by it. */
export const ID_TAG = 'ratchet.run';
/** The tag that says that a run is of this project at all. */
export const FORM_TAG = 'ratchet.form';

/** What every backend of MLflow takes. */
const MOST_VALUE = 250;
const MOST_PARAMS = 100;
/** MLflow takes a thousand metrics, and a thousand of both together. */
const MOST_METRICS = 900;

export interface MlflowForm {
  readonly name: string;
  /** UTC milliseconds: midnight of the night's date, so that the same run is the same bytes whenever it is sent. */
  readonly time: number;
  readonly tags: readonly MlflowTag[];
  readonly params: readonly MlflowTag[];
  readonly metrics: readonly MlflowMetric[];
}

/** A run in MLflow's words: what it is in tags, what it was given in parameters, what came out in metrics, of which it knows no null. */
export function mlflowForm(run: RunRecord): MlflowForm {
  const time = Date.parse(`${run.cycle.slice(0, 4)}-${run.cycle.slice(4, 6)}-${run.cycle.slice(6, 8)}`);
  return {
    name: run.id,
    time,
    tags: entries({
      [ID_TAG]: run.id,
      [FORM_TAG]: run.schema,
      'ratchet.cycle': run.cycle,
      'ratchet.strategy': run.strategy,
      'ratchet.label': run.label,
      'ratchet.outcome': run.outcome,
      'ratchet.reason': run.reason,
      'ratchet.result': run.resultId,
      'ratchet.files': run.files === null ? null : digestOf(canonicalJson(run.files)),
    }),
    params: [
      ...entries(run.parameters ?? {}),
      ...entries(run.setting ?? {}, 'setting.'),
      ...entries(run.search ?? {}, 'search.'),
    ],
    metrics: Object.entries(run.metrics).flatMap(([key, value]) =>
      value === null ? [] : [{ key, value, timestamp: time, step: 0 }],
    ),
  };
}

/** In as many requests as MLflow's limits ask for; none when there is nothing to send. */
export function batches({ params, metrics }: MlflowBatch): readonly MlflowBatch[] {
  const count = Math.max(Math.ceil(params.length / MOST_PARAMS), Math.ceil(metrics.length / MOST_METRICS));
  return Array.from({ length: count }, (_, index) => ({
    params: params.slice(index * MOST_PARAMS, (index + 1) * MOST_PARAMS),
    metrics: metrics.slice(index * MOST_METRICS, (index + 1) * MOST_METRICS),
  }));
}

function entries(values: Readonly<Record<string, unknown>>, prefix = ''): readonly MlflowTag[] {
  return Object.entries(values).flatMap(([name, value]) => {
    if (value === null) return [];
    const text = typeof value === 'string' ? value : canonicalJson(value);
    return [{ key: `${prefix}${name}`, value: shortened(visible(text), MOST_VALUE) }];
  });
}
