import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

const Key = z.string().regex(/^[\w\-. /]{1,250}$/);
const Param = z.strictObject({ key: Key, value: z.string().max(6_000) });
const Tag = z.strictObject({ key: Key, value: z.string().max(5_000) });
const Metric = z.strictObject({ key: Key, value: z.number(), timestamp: z.int(), step: z.int() });
const BODIES = {
  'experiments/create': z.strictObject({ name: z.string().min(1).max(500) }),
  'runs/search': z.strictObject({
    experiment_ids: z.array(z.string()).min(1),
    filter: z.string(),
    run_view_type: z.enum(['ACTIVE_ONLY', 'DELETED_ONLY', 'ALL']),
    max_results: z.int().max(50_000),
    page_token: z.string().optional(),
  }),
  'runs/create': z.strictObject({
    experiment_id: z.string(),
    run_name: z.string(),
    start_time: z.int(),
    tags: z.array(Tag).max(20),
  }),
  'runs/log-batch': z.strictObject({ run_id: z.string(), params: z.array(Param), metrics: z.array(Metric) }),
  'runs/update': z.strictObject({ run_id: z.string(), status: z.enum(['RUNNING', 'FINISHED', 'FAILED']), end_time: z.int() }),
};
type Route = keyof typeof BODIES;

interface KeptRun {
  readonly id: string;
  readonly experiment: string;
  readonly name: string;
  readonly startTime: number;
  endTime: number | null;
  status: string;
  stage: 'active' | 'deleted';
  readonly tags: Map<string, string>;
  readonly params: Map<string, string>;
  /** Each time one was logged. */
  readonly metrics: z.infer<typeof Metric>[];
}

interface KeptExperiment {
  readonly id: string;
  readonly name: string;
  stage: 'active' | 'deleted';
}

interface Behaviour {
  readonly authorization: string | null;
  readonly pageSize: number;
  readonly cutAfter: number;
  readonly losesAnswer: boolean;
}

export interface MlflowServer {
  readonly url: string;
  readonly experiments: readonly KeptExperiment[];
  readonly runs: readonly KeptRun[];
  /** Routes of all requests that were let in, in order. */
  readonly asked: readonly string[];
  /** From now on: who is let in, how many runs a page has at most, after how many more requests every connection is cut, and whether
   * the first one that is cut is still carried out. */
  behave(how: Partial<Behaviour>): void;
  /** Answers every request with this, whatever it asks; null ends it. */
  say(answer: { readonly status: number; readonly body: string; readonly location?: string } | null): void;
  close(): Promise<void>;
}

const OBLIGING: Behaviour = {
  authorization: null,
  pageSize: 1_000,
  cutAfter: Number.POSITIVE_INFINITY,
  losesAnswer: false,
};

class Refused extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** MLflow's REST API 2.0 on this machine, as far as an export needs it: its routes, its limits, its errors and their codes. */
export async function startMlflowServer(): Promise<MlflowServer> {
  const experiments: KeptExperiment[] = [];
  const runs: KeptRun[] = [];
  const asked: string[] = [];
  let how: Behaviour = OBLIGING;
  let cutAfter = how.cutAfter;
  let said: Parameters<MlflowServer['say']>[0] = null;

  const existing = (id: string): KeptRun => {
    const run = runs.find((one) => one.id === id);
    if (run === undefined) throw new Refused(404, 'RESOURCE_DOES_NOT_EXIST', `Run with id=${id} not found`);
    return run;
  };
  const changeable = (id: string): KeptRun => {
    const run = existing(id);
    if (run.stage === 'active') return run;
    throw new Refused(400, 'INVALID_PARAMETER_VALUE', `The run ${id} must be in the 'active' state. Current state is deleted.`);
  };

  const routes: { [R in Route]: (body: z.infer<(typeof BODIES)[R]>) => object } = {
    'experiments/create': ({ name }) => {
      if (experiments.some((one) => one.name === name))
        throw new Refused(400, 'RESOURCE_ALREADY_EXISTS', `Experiment(name=${name}) already exists.`);
      experiments.push({ id: String(experiments.length + 1), name, stage: 'active' });
      return { experiment_id: String(experiments.length) };
    },
    'runs/search': ({ experiment_ids, filter, run_view_type, max_results, page_token }) => {
      const [, key, value] = /^tags\.`([^`]+)` = '([^']*)'$/.exec(filter) ?? [];
      if (key === undefined) throw new Refused(400, 'INVALID_PARAMETER_VALUE', `Invalid clause(s) in filter string: ${filter}`);
      const found = runs
        .filter(({ experiment, tags }) => experiment_ids.includes(experiment) && tags.get(key) === value)
        .filter(({ stage }) => run_view_type === 'ALL' || (run_view_type === 'ACTIVE_ONLY') === (stage === 'active'));
      const from = Number(page_token ?? 0);
      const to = from + Math.min(max_results, how.pageSize);
      // An empty list and a last token are left out, as protocol buffers do in JSON.
      return {
        ...(found.length === 0 ? {} : { runs: found.slice(from, to).map(asAnswer) }),
        ...(to < found.length ? { next_page_token: String(to) } : {}),
      };
    },
    'runs/create': ({ experiment_id, run_name, start_time, tags }) => {
      const run: KeptRun = {
        id: String(runs.length + 1).padStart(32, '0'),
        experiment: experiment_id,
        name: run_name,
        startTime: start_time,
        endTime: null,
        status: 'RUNNING',
        stage: 'active',
        tags: new Map(tags.map((tag) => [tag.key, tag.value])),
        params: new Map(),
        metrics: [],
      };
      runs.push(run);
      return { run: asAnswer(run) };
    },
    'runs/log-batch': ({ run_id, params, metrics }) => {
      for (const [most, list, what] of [
        [100, params, 'params'],
        [1_000, metrics, 'metrics'],
        [1_000, [...params, ...metrics], 'metrics, params, and tags'],
      ] as const) {
        if (list.length > most)
          throw new Refused(400, 'INVALID_PARAMETER_VALUE', `A batch logging request can contain at most ${most} ${what}.`);
      }
      const run = changeable(run_id);
      for (const { key, value } of params) {
        const before = run.params.get(key);
        if (before !== undefined && before !== value)
          throw new Refused(400, 'INVALID_PARAMETER_VALUE', `Changing param values is not allowed. Param with key='${key}'`);
        run.params.set(key, value);
      }
      run.metrics.push(...metrics);
      return {};
    },
    'runs/update': ({ run_id, status, end_time }) => {
      const run = changeable(run_id);
      run.status = status;
      run.endTime = end_time;
      return { run_info: asAnswer(run).info };
    },
  };

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    if (said !== null) {
      if (said.location !== undefined) response.setHeader('location', said.location);
      response.statusCode = said.status;
      return void response.end(said.body);
    }
    if (how.authorization !== null && request.headers.authorization !== how.authorization) {
      response.statusCode = 401;
      return void response.end('You are not authenticated.');
    }
    cutAfter -= 1;
    if (cutAfter < 0) {
      response.destroy();
      if (cutAfter < -1 || !how.losesAnswer) return;
    }
    const { pathname, searchParams } = new URL(request.url!, 'http://localhost');
    const route = pathname.replace(/^\/api\/2\.0\/mlflow\//, '');
    asked.push(route);
    try {
      if (request.method === 'GET' && route === 'experiments/get-by-name')
        return answer(response, 200, byName(experiments, searchParams.get('experiment_name') ?? ''));
      if (request.method !== 'POST' || !isRoute(route)) {
        response.statusCode = 404;
        return void response.end('<!doctype html><title>404 Not Found</title>');
      }
      const body = BODIES[route].safeParse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
      if (!body.success) throw new Refused(400, 'INVALID_PARAMETER_VALUE', z.prettifyError(body.error));
      answer(response, 200, (routes[route] as (body: unknown) => object)(body.data));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      answer(response, error.status, { error_code: error.code, message: error.message });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    experiments,
    runs,
    asked,
    behave: (next) => {
      how = { ...OBLIGING, ...next };
      cutAfter = how.cutAfter;
    },
    say: (next) => {
      said = next;
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function isRoute(route: string): route is Route {
  return Object.hasOwn(BODIES, route);
}

function byName(experiments: readonly KeptExperiment[], name: string): object {
  const found = experiments.find((one) => one.name === name);
  if (found === undefined) throw new Refused(404, 'RESOURCE_DOES_NOT_EXIST', `Could not find experiment with name '${name}'`);
  return { experiment: { experiment_id: found.id, name, lifecycle_stage: found.stage } };
}

function asAnswer(run: KeptRun) {
  const listed = (name: string, entries: readonly object[]) => (entries.length === 0 ? {} : { [name]: entries });
  const pairs = (map: ReadonlyMap<string, string>) => [...map].map(([key, value]) => ({ key, value }));
  return {
    info: { run_id: run.id, run_name: run.name, status: run.status, lifecycle_stage: run.stage, start_time: run.startTime },
    data: {
      ...listed('tags', pairs(run.tags)),
      ...listed('params', pairs(run.params)),
      ...listed('metrics', run.metrics),
    },
  };
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
}
