import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { explain } from '#engine/errors.ts';
import { type Contexts, holds, interpolate, type Outcome } from './expressions.ts';
import type { RunnerHost } from './runner-host.ts';
import { type ActionCall, standIn } from './stand-ins.ts';
import type { Job, Step } from './workflow-file.ts';

export type Conclusion = 'success' | 'failure' | 'skipped';

export interface JobTask {
  /** `policy`, or `backtests (ema-cross)` for one of a matrix. */
  readonly name: string;
  readonly job: Job;
  readonly workflowEnv: Readonly<Record<string, string>>;
  /** `github`, `needs`, `matrix`, `inputs`, `vars`. */
  readonly contexts: Contexts;
  /** Of the job's environment and the repository's. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Empty when it starts; work, temp and logs go here. */
  readonly dir: string;
  /** Artefacts of the whole run. */
  readonly artefacts: string;
}

export interface JobEnd {
  readonly name: string;
  readonly conclusion: Conclusion;
  readonly outputs: Readonly<Record<string, string>>;
  readonly steps: readonly { readonly name: string; readonly conclusion: Conclusion }[];
  readonly log: string;
  /** Markdown. */
  readonly summary: string;
}

/** More of a job's log than this is cut: a step may not fill the disk. */
const LOG_BYTES_MAX = 2_000_000;

/**
 * Runs a job's steps one after another as real processes, each with the environment a job has and nothing of this process's.
 * Never rejects for what a step does; the log says it.
 */
export async function runJob(task: JobTask, host: RunnerHost): Promise<JobEnd> {
  const run = new JobRun(task, host);
  return run.all();
}

class JobRun {
  readonly #task: JobTask;
  readonly #host: RunnerHost;
  readonly #workspace: string;
  readonly #temp: string;
  readonly #log: string;
  readonly #added: Record<string, string> = {};
  readonly #steps: Record<string, { outputs: Record<string, string>; outcome: Conclusion; conclusion: Conclusion }> = {};
  readonly #ended: { name: string; conclusion: Conclusion }[] = [];
  readonly #after: (() => Promise<void>)[] = [];
  #outcome: Outcome = 'success';
  #logged = 0;
  #secrets: string[];

  constructor(task: JobTask, host: RunnerHost) {
    this.#task = task;
    this.#host = host;
    this.#workspace = join(task.dir, 'work');
    this.#temp = join(task.dir, 'temp');
    this.#log = join(task.dir, 'log.txt');
    this.#secrets = Object.values(task.secrets);
    for (const folder of [this.#workspace, this.#temp, join(task.dir, 'home')]) mkdirSync(folder, { recursive: true });
    writeFileSync(this.#log, '');
  }

  async all(): Promise<JobEnd> {
    const { job, name } = this.#task;
    for (const [index, step] of job.steps.entries()) await this.#step(step, index);
    for (const work of this.#after.reverse()) await work();
    const conclusion = this.#outcome === 'success' ? 'success' : 'failure';
    const outputs = Object.fromEntries(
      Object.entries(job.outputs).map(([key, value]) => [key, interpolate(value, this.#contexts({}))]),
    );
    const summary = join(this.#task.dir, 'summary.md');
    return {
      name,
      conclusion,
      outputs,
      steps: this.#ended,
      log: readFileSync(this.#log, 'utf8'),
      summary: existsSync(summary) ? readFileSync(summary, 'utf8') : '',
    };
  }

  async #step(step: Step, index: number): Promise<void> {
    const title = step.name ?? step.uses ?? step.run?.split('\n')[0] ?? `step ${index + 1}`;
    const outputs: Record<string, string> = {};
    let outcome: Conclusion;
    try {
      const env = this.#envOf(step);
      if (!holds(step.if, this.#contexts(env), this.#outcome)) outcome = 'skipped';
      else {
        this.#say(`▸ ${title}`);
        outcome = await (step.run === undefined
          ? this.#use(step, env, outputs)
          : this.#shell(step, step.run, env, index, outputs));
      }
    } catch (error) {
      this.#say(explain(error));
      outcome = 'failure';
    }
    const conclusion = outcome === 'failure' && step['continue-on-error'] ? 'success' : outcome;
    if (step.id !== undefined) this.#steps[step.id] = { outputs, outcome, conclusion };
    this.#ended.push({ name: title, conclusion });
    if (conclusion === 'failure') this.#outcome = 'failure';
  }

  #envOf(step: Step): Record<string, string> {
    const { workflowEnv, job } = this.#task;
    let env: Record<string, string> = {};
    for (const layer of [workflowEnv, job.env, this.#added, step.env]) {
      const contexts = this.#contexts(env);
      env = { ...env, ...Object.fromEntries(Object.entries(layer).map(([key, value]) => [key, interpolate(value, contexts)])) };
    }
    return env;
  }

  #contexts(env: Readonly<Record<string, string>>): Contexts {
    const { contexts, secrets } = this.#task;
    const github = contexts.github as Record<string, unknown>;
    return {
      ...contexts,
      github: { ...github, workspace: this.#workspace },
      env,
      secrets,
      steps: this.#steps,
      runner: { os: 'Linux', temp: this.#temp },
      job: { status: this.#outcome },
    };
  }

  async #use(step: Step, env: Readonly<Record<string, string>>, outputs: Record<string, string>): Promise<Conclusion> {
    const contexts = this.#contexts(env);
    const call: ActionCall = {
      action: (step.uses ?? '').split('@')[0]!,
      inputs: Object.fromEntries(Object.entries(step.with).map(([key, value]) => [key, interpolate(value, contexts)])),
      workspace: this.#workspace,
      artefacts: this.#task.artefacts,
      outputs,
      say: (line) => this.#say(line),
      hide: (secret) => this.#secrets.push(secret),
      afterJob: (work) => this.#after.push(work),
    };
    await standIn(call, this.#host);
    return 'success';
  }

  async #shell(
    step: Step,
    script: string,
    env: Readonly<Record<string, string>>,
    index: number,
    outputs: Record<string, string>,
  ): Promise<Conclusion> {
    const { dir, contexts } = this.#task;
    const files = { output: join(dir, `output-${index}`), env: join(dir, `env-${index}`), path: join(dir, `path-${index}`) };
    for (const file of Object.values(files)) writeFileSync(file, '');
    const file = join(dir, `step-${index}.sh`);
    writeFileSync(file, interpolate(script, this.#contexts(env)));
    const github = contexts.github as Record<string, string>;
    const code = await this.#spawn(
      ['bash', '--noprofile', '--norc', '-eo', 'pipefail', file],
      join(this.#workspace, step['working-directory'] ?? '.'),
      {
        ...this.#host.machine,
        HOME: join(dir, 'home'),
        LANG: 'C.UTF-8',
        CI: 'true',
        GITHUB_ACTIONS: 'true',
        GITHUB_WORKSPACE: this.#workspace,
        GITHUB_REPOSITORY: github.repository ?? '',
        GITHUB_SERVER_URL: github.server_url ?? '',
        GITHUB_API_URL: github.api_url ?? '',
        GITHUB_SHA: github.sha ?? '',
        GITHUB_REF: github.ref ?? '',
        GITHUB_REF_NAME: github.ref_name ?? '',
        GITHUB_ACTOR: github.actor ?? '',
        GITHUB_EVENT_NAME: github.event_name ?? '',
        GITHUB_RUN_ID: String(github.run_id ?? ''),
        GITHUB_OUTPUT: files.output,
        GITHUB_ENV: files.env,
        GITHUB_PATH: files.path,
        GITHUB_STEP_SUMMARY: join(dir, 'summary.md'),
        RUNNER_OS: 'Linux',
        RUNNER_TEMP: this.#temp,
        ...env,
      },
    );
    Object.assign(outputs, pairsIn(readFileSync(files.output, 'utf8')));
    Object.assign(this.#added, pairsIn(readFileSync(files.env, 'utf8')));
    if (code !== 0) this.#say(`It ended with ${code}.`);
    return code === 0 ? 'success' : 'failure';
  }

  #spawn([command, ...args]: string[], cwd: string, env: Record<string, string>): Promise<number> {
    return new Promise((resolve) => {
      const child = spawn(command!, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
      // A step that hangs takes what it started with it.
      const limit = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), this.#task.job['timeout-minutes'] * 60_000);
      const stop = this.#host.onStop(() => process.kill(-child.pid!, 'SIGKILL'));
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => this.#write(text));
      const done = (code: number): void => {
        clearTimeout(limit);
        stop();
        resolve(code);
      };
      child.once('error', (error) => {
        this.#say(error.message);
        done(127);
      });
      child.once('close', (code) => done(code ?? 137));
    });
  }

  #say(line: string): void {
    this.#write(`${line}\n`);
  }

  #write(text: string): void {
    if (this.#logged > LOG_BYTES_MAX) return;
    let shown = text;
    for (const secret of this.#secrets) if (secret.length > 3) shown = shown.replaceAll(secret, '***');
    this.#logged += Buffer.byteLength(shown);
    appendFileSync(this.#log, this.#logged > LOG_BYTES_MAX ? '… The rest of the log is cut.\n' : shown);
  }
}

/** `name=value` lines, and `name<<MARK` blocks. */
export function pairsIn(text: string): Record<string, string> {
  const pairs: Record<string, string> = {};
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const block = /^([^=]+?)<<(.+)$/.exec(lines[at]!);
    if (block !== null) {
      const end = lines.indexOf(block[2]!, at + 1);
      const last = end < 0 ? lines.length : end;
      pairs[block[1]!] = lines.slice(at + 1, last).join('\n');
      at = last;
      continue;
    }
    const equals = lines[at]!.indexOf('=');
    if (equals > 0) pairs[lines[at]!.slice(0, equals)] = lines[at]!.slice(equals + 1);
  }
  return pairs;
}
