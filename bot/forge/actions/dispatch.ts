import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ForgeContext, gitDirOf } from '#bot/forge/context.ts';
import { insertRow, updateRow } from '#bot/forge/database/write-row.ts';
import { resolveCommit } from '#bot/forge/git/references.ts';
import { entryAt, readBlob } from '#bot/forge/git/trees.ts';
import { ApiError, notFound } from '#bot/forge/http/api-error.ts';
import { apiRoot } from '#bot/forge/present/addresses.ts';
import type { RepositoryRow, UserRow } from '#bot/forge/queries/rows.ts';
import { actionsSettings, type WorkflowRunRow, workflowRunById } from '#bot/forge/queries/workflow-runs.ts';
import { explain, RatchetError } from '#engine/errors.ts';
import { type ActionsOptions, forgeHost, jobTokens } from './forge-host.ts';
import type { JobEnd } from './run-job.ts';
import { runWorkflow } from './run-workflow.ts';
import { dispatchInputs, type Input, parseWorkflow, type Workflow } from './workflow-file.ts';

export const WORKFLOWS_FOLDER = '.github/workflows';

export interface Dispatch {
  /** The file's name, `nightly.yml`. */
  readonly file: string;
  /** Branch, tag or full name of one. */
  readonly ref: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly actor: UserRow;
}

/** Runs workflows in the background, and remembers what became of them. */
export class ActionsRunner {
  readonly #forge: ForgeContext;
  readonly #options: ActionsOptions;
  readonly #stops = new Set<() => void>();
  readonly #running = new Set<Promise<void>>();
  #isClosed = false;

  constructor(forge: ForgeContext, options: ActionsOptions) {
    this.#forge = forge;
    this.#options = options;
  }

  /** Runs that a crash cut short: what they were doing is gone. */
  mend(): void {
    const { database, clock } = this.#forge;
    const now = clock();
    database.transaction(() => {
      const jobs =
        "UPDATE workflow_jobs SET status = 'completed', conclusion = 'cancelled', completed_at = ? WHERE status <> 'completed'";
      const runs =
        "UPDATE workflow_runs SET status = 'completed', conclusion = 'cancelled', updated_at = ? WHERE status <> 'completed'";
      database.prepare(jobs).run(now);
      database.prepare(runs).run(now);
    })();
  }

  /** Starts a workflow as `POST …/dispatches` does. @throws ApiError 404 and 422 in GitHub's words */
  async dispatch(repository: RepositoryRow, { file, ref, inputs, actor }: Dispatch): Promise<WorkflowRunRow> {
    const { database, clock } = this.#forge;
    const { workflow, sha, name } = await workflowAt(this.#forge, repository, file, ref);
    const declared = dispatchInputs(workflow);
    if (declared === null) throw new ApiError(422, "Workflow does not have 'workflow_dispatch' trigger");
    const given = withDefaults(declared, inputs);
    const now = clock();
    const id = database.transaction(() => {
      const count = database.prepare<[number], { n: number }>('SELECT COUNT(*) AS n FROM workflow_runs WHERE repository_id = ?');
      return insertRow(database, 'workflow_runs', {
        repository_id: repository.id,
        number: count.get(repository.id)!.n + 1,
        path: `${WORKFLOWS_FOLDER}/${file}`,
        name,
        event: 'workflow_dispatch',
        ref: ref.replace(/^refs\/heads\//, ''),
        sha,
        actor_id: actor.id,
        inputs: JSON.stringify(given),
        status: 'queued',
        created_at: now,
        updated_at: now,
      });
    })();
    const run = workflowRunById(database, repository.id, id)!;
    const work = this.#run(repository, run, workflow, given, actor).finally(() => this.#running.delete(work));
    this.#running.add(work);
    return run;
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Kills what runs. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const stop of this.#stops) stop();
    await this.idle();
  }

  async #run(
    repository: RepositoryRow,
    run: WorkflowRunRow,
    workflow: Workflow,
    inputs: Record<string, string>,
    actor: UserRow,
  ): Promise<void> {
    const forge = this.#forge;
    const { database, clock, log } = forge;
    const dir = mkdtempSync(join(tmpdir(), 'ratchet-run-'));
    let conclusion = 'failure';
    try {
      updateRow(database, 'workflow_runs', 'id', run.id, { status: 'in_progress', updated_at: clock() });
      const { variables, secrets } = actionsSettings(database, repository.id);
      const ends = await runWorkflow(
        {
          workflow,
          github: {
            event: { inputs, ref: run.ref, repository: { full_name: `${repository.owner}/${repository.name}` } },
            event_name: 'workflow_dispatch',
            server_url: forge.url(),
            api_url: apiRoot(forge),
            repository: `${repository.owner}/${repository.name}`,
            repository_owner: repository.owner,
            sha: run.sha,
            ref: `refs/heads/${run.ref}`,
            ref_name: run.ref,
            actor: actor.login,
            run_id: String(run.id),
            workflow: run.name,
          },
          inputs,
          variables,
          secrets,
          jobToken: jobTokens(forge, repository),
          dir,
          onJob: (name, end) => this.#note(run.id, name, end),
        },
        forgeHost(forge, repository, this.#options, this.#stops),
      );
      const isGood = Object.values(ends).every((end) => end.conclusion !== 'failure');
      conclusion = isGood ? 'success' : this.#isClosed ? 'cancelled' : 'failure';
    } catch (error) {
      log.error({ err: error, run: run.id }, 'A workflow could not be run.');
      this.#note(run.id, 'workflow', {
        name: 'workflow',
        conclusion: 'failure',
        outputs: {},
        steps: [],
        log: explain(error),
        summary: '',
      });
    } finally {
      rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
      updateRow(database, 'workflow_runs', 'id', run.id, { status: 'completed', conclusion, updated_at: clock() });
    }
  }

  #note(runId: number, name: string, end: JobEnd | null): void {
    const { database, clock } = this.#forge;
    const now = clock();
    const state: Record<string, string | number | null> =
      end === null
        ? { status: 'in_progress', conclusion: null, steps: '[]', log: '', summary: '' }
        : {
            status: 'completed',
            conclusion: end.conclusion,
            steps: JSON.stringify(end.steps),
            log: end.log,
            summary: end.summary,
            completed_at: now,
          };
    const before = database
      .prepare<[number, string], { id: number }>('SELECT id FROM workflow_jobs WHERE run_id = ? AND name = ?')
      .get(runId, name);
    if (before === undefined) insertRow(database, 'workflow_jobs', { run_id: runId, name, started_at: now, ...state });
    else updateRow(database, 'workflow_jobs', 'id', before.id, state);
  }
}

/** A workflow file as a branch has it. @throws ApiError 404 and 422 */
export async function workflowAt(forge: ForgeContext, repository: RepositoryRow, file: string, ref: string) {
  const gitDir = gitDirOf(forge, repository);
  const sha = await resolveCommit(gitDir, ref.startsWith('refs/') ? ref : `refs/heads/${ref}`);
  if (sha === null) throw new ApiError(422, `No ref found for: ${ref}`);
  if (!/^[A-Za-z0-9._-]+\.ya?ml$/.test(file)) throw notFound();
  const entry = await entryAt(gitDir, sha, `${WORKFLOWS_FOLDER}/${file}`);
  if (entry?.type !== 'blob') throw notFound();
  const text = (await readBlob(gitDir, entry.sha)).toString('utf8');
  try {
    const workflow = parseWorkflow(`${WORKFLOWS_FOLDER}/${file}`, text);
    return { workflow, sha, name: workflow.name ?? file };
  } catch (error) {
    if (error instanceof RatchetError) throw new ApiError(422, error.message);
    throw error;
  }
}

function withDefaults(
  declared: Readonly<Record<string, Input>>,
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  const strange = Object.keys(given).filter((name) => declared[name] === undefined);
  if (strange.length > 0) throw new ApiError(422, `Unexpected inputs provided: ${JSON.stringify(strange)}`);
  const values: Record<string, string> = {};
  for (const [name, input] of Object.entries(declared)) {
    const value = given[name] ?? input.default ?? '';
    if (input.required && value === '') throw new ApiError(422, `Required input '${name}' not provided`);
    values[name] = value;
  }
  return values;
}
