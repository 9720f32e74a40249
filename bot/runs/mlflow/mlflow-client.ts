import { z } from 'zod';
import { shortened, visible } from '#bot/evidence/markdown.ts';
import { RatchetError } from '#engine/errors.ts';

const TIMEOUT_MS = 30_000;
const MOST_WORDS = 300;
/** The most runs MLflow gives at once without being asked for more. */
const PAGE_SIZE = 1_000;

const Entry = z.looseObject({ key: z.string() });
const Tag = z.looseObject({ key: z.string(), value: z.string().default('') });
const Experiment = z.looseObject({ experiment_id: z.string(), lifecycle_stage: z.string().default('active') });
const Run = z.looseObject({
  info: z.looseObject({ run_id: z.string(), status: z.string(), lifecycle_stage: z.string().default('active') }),
  // An empty list is left out by the server.
  data: z
    .looseObject({
      tags: z.array(Tag).default([]),
      params: z.array(Entry).default([]),
      metrics: z.array(Entry).default([]),
    })
    .default({ tags: [], params: [], metrics: [] }),
});
const Refusal = z.looseObject({ error_code: z.string(), message: z.string().default('') });

export interface MlflowTag {
  readonly key: string;
  readonly value: string;
}
export interface MlflowMetric {
  readonly key: string;
  readonly value: number;
  /** UTC milliseconds. */
  readonly timestamp: number;
  readonly step: number;
}
export interface MlflowBatch {
  readonly params: readonly MlflowTag[];
  readonly metrics: readonly MlflowMetric[];
}
/** A run as the server has it. */
export interface MlflowRun {
  readonly id: string;
  readonly tags: ReadonlyMap<string, string>;
  readonly params: ReadonlySet<string>;
  readonly metrics: ReadonlySet<string>;
  readonly isFinished: boolean;
  /** Somebody took it away; the server keeps it in its bin. */
  readonly isDeleted: boolean;
}

export interface MlflowAccess {
  /** Where the server stands; `/api/2.0/mlflow` follows. No password in it, no question. */
  readonly url: string;
  /** The `Authorization` of every request; null where the server asks for none. */
  readonly authorization: string | null;
}

/** What the server says of itself when it will not. */
class MlflowRefused extends RatchetError {
  readonly errorCode: string;

  constructor(errorCode: string, message: string, remedy: string, fields: Readonly<Record<string, unknown>>) {
    super('runs/mlflow-refused', message, remedy, fields);
    this.errorCode = errorCode;
  }
}

const GOES_ON = 'What was sent stays there; the same command goes on from it.';

/**
 * MLflow's REST API 2.0 (https://mlflow.org/docs/latest/rest-api.html), as far as an export needs it.
 * Every method throws RatchetError: `runs/mlflow-away` when there is no answer, `runs/mlflow-refused` when the answer is no,
 * `runs/mlflow-answer` when it is none of MLflow's.
 */
export class MlflowClient {
  readonly #access: MlflowAccess;

  constructor(access: MlflowAccess) {
    this.#access = access;
  }

  /** The id of the experiment of this name, made when there is none. */
  async experiment(name: string): Promise<string> {
    const found = (await this.#experimentNamed(name)) ?? (await this.#makeExperiment(name));
    if (found.lifecycle_stage !== 'active') {
      const message = `The experiment ${visible(name)} was deleted on the MLflow server, which keeps its name.`;
      throw new RatchetError('runs/mlflow-experiment', message, 'Restore it there, or name another with --experiment.', { name });
    }
    return found.experiment_id;
  }

  /** Every run of the experiment with this tag, those in the bin too. */
  async runsWith(experiment: string, tag: MlflowTag): Promise<readonly MlflowRun[]> {
    const Page = z.looseObject({ runs: z.array(Run).default([]), next_page_token: z.string().default('') });
    const runs: MlflowRun[] = [];
    const tokens = new Set<string>();
    for (let token = ''; ; ) {
      const page = await this.#post('runs/search', Page, {
        experiment_ids: [experiment],
        filter: `tags.\`${tag.key}\` = '${tag.value}'`,
        run_view_type: 'ALL',
        max_results: PAGE_SIZE,
        ...(token === '' ? {} : { page_token: token }),
      });
      runs.push(...page.runs.map(asRun));
      token = page.next_page_token;
      if (token === '') return runs;
      if (tokens.has(token)) throw this.#noAnswer('runs/search', 'its pages go round in a circle');
      tokens.add(token);
    }
  }

  /** A new run, under way; its id. @param startTime UTC milliseconds */
  async createRun(experiment: string, name: string, startTime: number, tags: readonly MlflowTag[]): Promise<string> {
    const body = { experiment_id: experiment, run_name: name, start_time: startTime, tags };
    return (await this.#post('runs/create', z.looseObject({ run: Run }), body)).run.info.run_id;
  }

  async logBatch(run: string, { params, metrics }: MlflowBatch): Promise<void> {
    await this.#post('runs/log-batch', z.looseObject({}), { run_id: run, params, metrics });
  }

  /** @param endTime UTC milliseconds */
  async finish(run: string, endTime: number): Promise<void> {
    await this.#post('runs/update', z.looseObject({}), { run_id: run, status: 'FINISHED', end_time: endTime });
  }

  async #experimentNamed(name: string): Promise<z.infer<typeof Experiment> | null> {
    const question = `experiments/get-by-name?${new URLSearchParams({ experiment_name: name })}`;
    try {
      return (await this.#ask(question, z.looseObject({ experiment: Experiment }))).experiment;
    } catch (error) {
      if (error instanceof MlflowRefused && error.errorCode === 'RESOURCE_DOES_NOT_EXIST') return null;
      throw error;
    }
  }

  async #makeExperiment(name: string): Promise<z.infer<typeof Experiment>> {
    try {
      await this.#post('experiments/create', z.looseObject({ experiment_id: z.string() }), { name });
    } catch (error) {
      // Somebody was faster: theirs is as good.
      if (!(error instanceof MlflowRefused && error.errorCode === 'RESOURCE_ALREADY_EXISTS')) throw error;
    }
    const made = await this.#experimentNamed(name);
    if (made === null) throw this.#noAnswer('experiments/create', 'it does not have the experiment it made');
    return made;
  }

  #post<T>(route: string, schema: z.ZodType<T>, body: unknown): Promise<T> {
    return this.#ask(route, schema, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  async #ask<T>(route: string, schema: z.ZodType<T>, init: RequestInit = {}): Promise<T> {
    const { url, authorization } = this.#access;
    const [status, text] = await this.#exchange(`${url}/api/2.0/mlflow/${route}`, {
      ...init,
      headers: { ...init.headers, ...(authorization === null ? {} : { authorization }) },
      // A redirect would carry the password to where nobody has named it.
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const asked = route.replace(/\?.*$/, '');
    const answer = json(text);
    if (status !== 200) throw this.#refused(asked, status, Refusal.safeParse(answer).data ?? null);
    const parsed = schema.safeParse(answer);
    if (!parsed.success) throw this.#noAnswer(asked, 'what it says has another form');
    return parsed.data;
  }

  async #exchange(url: string, init: RequestInit): Promise<readonly [number, string]> {
    try {
      const response = await fetch(url, init);
      return [response.status, await response.text()];
    } catch (error) {
      const message = `The MLflow server at ${this.#access.url} gave no answer: ${why(error)}.`;
      throw new RatchetError('runs/mlflow-away', message, GOES_ON, { url: this.#access.url }, error);
    }
  }

  #refused(asked: string, status: number, refusal: z.infer<typeof Refusal> | null): RatchetError {
    const { url, authorization } = this.#access;
    if (status === 401 || status === 403) {
      const message = `The MLflow server at ${url} ${authorization === null ? 'asks who this is' : 'does not let this person in'} (${status}).`;
      const remedy =
        'Set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, as for any other client.';
      return new MlflowRefused('PERMISSION_DENIED', message, remedy, { url, asked, status });
    }
    if (refusal === null) return this.#noAnswer(asked, `it answered ${status}`);
    const words = shortened(visible(refusal.message), MOST_WORDS).replace(/\.$/, '');
    const message = `The MLflow server refused ${asked}: ${visible(refusal.error_code)}, ${words}.`;
    return new MlflowRefused(refusal.error_code, message, GOES_ON, { url, asked, status });
  }

  #noAnswer(asked: string, clause: string): RatchetError {
    const { url } = this.#access;
    const message = `What stands at ${url} does not answer ${asked} as MLflow does: ${clause}.`;
    return new RatchetError('runs/mlflow-answer', message, 'Name the address that MLflow itself has in a browser.', {
      url,
      asked,
    });
  }
}

function asRun({ info, data }: z.infer<typeof Run>): MlflowRun {
  return {
    id: info.run_id,
    tags: new Map(data.tags.map(({ key, value }) => [key, value])),
    params: new Set(data.params.map(({ key }) => key)),
    metrics: new Set(data.metrics.map(({ key }) => key)),
    isFinished: info.status === 'FINISHED',
    isDeleted: info.lifecycle_stage !== 'active',
  };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON is an answer of another form, which the caller says.
    return undefined;
  }
}

function why(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `nothing within ${TIMEOUT_MS / 1_000} seconds`;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const words =
    cause instanceof Error ? ('code' in cause && cause.message === '' ? String(cause.code) : cause.message) : String(cause);
  return shortened(visible(words), MOST_WORDS).replace(/\.$/, '');
}
