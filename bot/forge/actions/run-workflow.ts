import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { RatchetError } from '#engine/errors.ts';
import { type Contexts, evaluatedValue, holds, type Outcome } from './expressions.ts';
import { type Conclusion, type JobEnd, runJob } from './run-job.ts';
import type { RunnerHost } from './runner-host.ts';
import type { Job, Permissions, Workflow } from './workflow-file.ts';

export interface RunTask {
  readonly workflow: Workflow;
  /** The `github` context, without the job's token. */
  readonly github: Readonly<Record<string, unknown>>;
  readonly inputs: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
  /** By environment; the repository's own under the empty name. */
  readonly secrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** A token with just these permissions. */
  readonly jobToken: (permissions: Readonly<Record<string, string>>) => string;
  readonly dir: string;
  /** Only these jobs, their needs taken to have succeeded: what a test looks at alone. */
  readonly only?: readonly string[];
  /** Jobs at once; one, when nothing is said. */
  readonly parallel?: number;
  /** Told of each job as it begins and ends. */
  readonly onJob: (name: string, end: JobEnd | null) => void;
}

/** Runs a workflow's jobs, each as soon as those it needs have ended and one of `parallel` places is free. */
export async function runWorkflow(task: RunTask, host: RunnerHost): Promise<Readonly<Record<string, JobEnd>>> {
  const { workflow } = task;
  const ends: Record<string, JobEnd> = {};
  const places = limiter(task.parallel ?? 1);
  const results = new Map<string, Promise<JobResult>>();
  for (const name of inOrder(workflow, task.only)) {
    const job = workflow.jobs[name]!;
    const waitedFor = job.needs.map(async (need) => [need, await (results.get(need) ?? ASSUMED)] as const);
    results.set(
      name,
      Promise.all(waitedFor).then((needs) => runAll(task, host, { name, job }, Object.fromEntries(needs), ends, places)),
    );
  }
  await Promise.all(results.values());
  return ends;
}

interface JobResult {
  readonly result: Conclusion;
  readonly outputs: Readonly<Record<string, string>>;
}

/** A job that is not run because only others are looked at. */
const ASSUMED: JobResult = { result: 'success', outputs: {} };

/** A job with every combination of its matrix. */
async function runAll(
  task: RunTask,
  host: RunnerHost,
  { name, job }: { readonly name: string; readonly job: Job },
  needs: Readonly<Record<string, JobResult>>,
  ends: Record<string, JobEnd>,
  places: Limiter,
): Promise<JobResult> {
  const looking = { github: { ...task.github, token: '' }, needs, vars: task.variables, inputs: task.inputs, matrix: {} };
  const outcome: Outcome = Object.values(needs).every(({ result }) => result === 'success') ? 'success' : 'failure';
  if (!holds(job.if, looking, outcome)) {
    const skipped: JobEnd = { name, conclusion: 'skipped', outputs: {}, steps: [], log: '', summary: '' };
    ends[name] = skipped;
    task.onJob(name, skipped);
    return { result: 'skipped', outputs: {} };
  }
  const parts = await Promise.all(
    matrices(job, looking).map((matrix, index) => {
      const values = Object.values(matrix);
      const full = values.length === 0 ? name : `${name} (${values.join(', ')})`;
      return places(async () => {
        task.onJob(full, null);
        const end = await runOne(
          task,
          host,
          { name: full, job, dir: join(task.dir, `${name}-${index}`) },
          { ...looking, matrix },
        );
        ends[full] = end;
        task.onJob(full, end);
        return end;
      });
    }),
  );
  const isGood = parts.every(({ conclusion }) => conclusion === 'success');
  return { result: isGood ? 'success' : 'failure', outputs: parts.at(-1)?.outputs ?? {} };
}

type Limiter = <T>(work: () => Promise<T>) => Promise<T>;

function limiter(places: number): Limiter {
  const waiting: (() => void)[] = [];
  let free = places;
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((go) => waiting.push(go));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}

function runOne(
  task: RunTask,
  host: RunnerHost,
  one: { name: string; job: Job; dir: string },
  contexts: Contexts,
): Promise<JobEnd> {
  const { job } = one;
  const token = task.jobToken(grantedBy(job.permissions ?? task.workflow.permissions));
  const artefacts = join(task.dir, 'artefacts');
  mkdirSync(artefacts, { recursive: true });
  const github = { ...(contexts.github as object), token };
  const secrets = { ...task.secrets[''], ...(job.environment === undefined ? {} : task.secrets[job.environment]) };
  return runJob(
    {
      ...one,
      workflowEnv: task.workflow.env,
      contexts: { ...contexts, github },
      secrets: { ...secrets, GITHUB_TOKEN: token },
      artefacts,
    },
    host,
  );
}

/** Nothing said means reading contents, which is the stricter of GitHub's two defaults. */
function grantedBy(permissions: Permissions | undefined): Record<string, string> {
  if (permissions === undefined) return { contents: 'read' };
  if (permissions === 'read-all' || permissions === 'write-all') {
    const level = permissions === 'read-all' ? 'read' : 'write';
    return Object.fromEntries(
      ['contents', 'issues', 'pull_requests', 'checks', 'statuses', 'deployments'].map((name) => [name, level]),
    );
  }
  return Object.fromEntries(
    Object.entries(permissions).flatMap(([name, level]) => (level === 'none' ? [] : [[name.replaceAll('-', '_'), level]])),
  );
}

/** Every combination of the matrix, in the order it is written; one empty one without a matrix. */
function matrices(job: Job, contexts: Contexts): Record<string, unknown>[] {
  let combinations: Record<string, unknown>[] = [{}];
  for (const [key, written] of Object.entries(job.strategy?.matrix ?? {})) {
    const values = evaluatedValue(written, contexts);
    const list: readonly unknown[] = Array.isArray(values) ? values : [values];
    combinations = combinations.flatMap((before) => list.map((value) => ({ ...before, [key]: value })));
  }
  return combinations;
}

function inOrder({ jobs }: Workflow, only: readonly string[] | undefined): string[] {
  const wanted = Object.keys(jobs).filter((name) => only === undefined || only.includes(name));
  const sorted: string[] = [];
  while (sorted.length < wanted.length) {
    const next = wanted.find(
      (name) => !sorted.includes(name) && jobs[name]!.needs.every((need) => !wanted.includes(need) || sorted.includes(need)),
    );
    if (next === undefined)
      throw new RatchetError('forge/bad-workflow', 'The jobs of this workflow wait for each other.', 'Mend their needs.');
    sorted.push(next);
  }
  return sorted;
}
