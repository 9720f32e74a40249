import { setTimeout as delay } from 'node:timers/promises';
import { explain } from '#engine/errors.ts';
import type { Logger } from '#engine/log.ts';
import type { Job, JobQueue } from './job-queue.ts';
import { comeBackAt } from './refusal.ts';

export type JobHandlers = { readonly [K in Job['kind']]: (job: Extract<Job, { kind: K }>) => Promise<void> };

/**
 * Jobs of one lane are done one after another, the lanes beside each other: `proofs` take minutes, `nights` and a model's words may
 * take longer, and whoever asks for `/status` or waits for the engine to be heard should stand behind neither.
 */
const LANES = ['proofs', 'nights', 'answers'] as const;
export type Lane = (typeof LANES)[number];

/** How long a lane rests when the queue itself fails: a full disk mends no faster. */
const QUEUE_RETRY_MS = 1_000;
/** The longest a lane sleeps without looking at the queue's clock again. */
const SLEEP_MS_MAX = 60_000;

export interface WorkerOptions {
  readonly queue: JobQueue;
  readonly handlers: JobHandlers;
  /** Which lane does a job. Whatever runs gates belongs to `proofs`: two proofs of one pull request would write over each other's checks. */
  readonly laneOf: (job: Job) => Lane;
  /** Told of a job that will not be tried again, so that whoever waits for it can be. */
  readonly onGivenUp?: (job: Job, error: unknown) => Promise<void>;
  readonly log: Logger;
}

/** Does the queue's jobs, for as long as it is told to. */
export class Worker {
  readonly #queue: JobQueue;
  readonly #handlers: JobHandlers;
  readonly #laneOf: (job: Job) => Lane;
  readonly #onGivenUp: (job: Job, error: unknown) => Promise<void>;
  readonly #log: Logger;
  readonly #idlers: (() => void)[] = [];
  readonly #wakers = new Map<Lane, () => void>();
  readonly #stopping = new AbortController();
  #busy = 0;
  #running: Promise<void> = Promise.resolve();

  constructor({ queue, handlers, laneOf, onGivenUp = async () => {}, log }: WorkerOptions) {
    this.#queue = queue;
    this.#handlers = handlers;
    this.#laneOf = laneOf;
    this.#onGivenUp = onGivenUp;
    this.#log = log.child({ room: 'bot' });
  }

  start(): void {
    this.#running = Promise.all(LANES.map((lane) => this.#work(lane))).then(() => this.#tellIdlers());
  }

  /** Looks at the queue again; call it after adding a job. */
  wake(): void {
    for (const wake of this.#wakers.values()) wake();
  }

  /** Resolves when the queue is empty and no lane does anything, or when the worker has stopped. */
  idle(): Promise<void> {
    if (this.#stopping.signal.aborted) return this.#running;
    const idle = new Promise<void>((resolve) => this.#idlers.push(resolve));
    this.wake();
    return idle;
  }

  /** Ends after the jobs at hand. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.wake();
    await this.#running;
  }

  /** Never rejects: a lane that died would look like one without work. */
  async #work(lane: Lane): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const woken = new Promise<void>((resolve) => this.#wakers.set(lane, resolve));
      try {
        if (await this.#doNext(lane)) continue;
        this.#noteIdleness();
      } catch (error) {
        this.#log.error({ err: error, lane }, 'The queue cannot be used; it is tried again.');
        await this.#rest(QUEUE_RETRY_MS);
        continue;
      }
      await this.#sleep(lane, woken);
    }
  }

  /** Until somebody wakes the lane, or a job is due that was put off. */
  async #sleep(lane: Lane, woken: Promise<void>): Promise<void> {
    const dueMs = this.#queue.msUntilDue((job) => this.#laneOf(job) === lane);
    if (dueMs === null) return woken;
    const awake = new AbortController();
    await Promise.race([woken, this.#rest(Math.min(dueMs, SLEEP_MS_MAX), awake.signal)]);
    awake.abort();
  }

  async #doNext(lane: Lane): Promise<boolean> {
    const next = this.#queue.take((job) => this.#laneOf(job) === lane);
    if (next === null) return false;
    this.#busy += 1;
    try {
      await this.#do(next.id, next.job);
    } finally {
      this.#busy -= 1;
    }
    return true;
  }

  #noteIdleness(): void {
    if (this.#busy > 0) return;
    const dueMs = this.#queue.msUntilDue();
    // A job may have added one to another lane, which sleeps.
    if (dueMs === 0) this.wake();
    else if (dueMs === null) this.#tellIdlers();
  }

  #tellIdlers(): void {
    for (const idler of this.#idlers.splice(0)) idler();
  }

  async #rest(ms: number, awake?: AbortSignal): Promise<void> {
    const signal = awake === undefined ? this.#stopping.signal : AbortSignal.any([awake, this.#stopping.signal]);
    // An abort ends the rest early, and that is all it means here.
    await delay(ms, undefined, { signal }).catch(() => undefined);
  }

  async #do(id: number, job: Job): Promise<void> {
    try {
      await this.#handle(job);
    } catch (error) {
      const state = this.#queue.fail(id, explain(error), comeBackAt(error, Date.now()));
      this.#log.error({ err: error, job, state }, 'A job failed.');
      if (state === 'failed') await this.#tellGivenUp(job, error);
      return;
    }
    this.#queue.finish(id);
  }

  async #tellGivenUp(job: Job, error: unknown): Promise<void> {
    try {
      await this.#onGivenUp(job, error);
    } catch (failure) {
      this.#log.error({ err: failure, job }, 'Nobody could be told that a job was given up.');
    }
  }

  #handle(job: Job): Promise<void> {
    switch (job.kind) {
      case 'gates':
        return this.#handlers.gates(job);
      case 'comment':
        return this.#handlers.comment(job);
      case 'command':
        return this.#handlers.command(job);
      case 'main-moved':
        return this.#handlers['main-moved'](job);
      case 'tend':
        return this.#handlers.tend(job);
      case 'state-moved':
        return this.#handlers['state-moved'](job);
      case 'issue-edited':
        return this.#handlers['issue-edited'](job);
      case 'box':
        return this.#handlers.box(job);
      case 'dashboard':
        return this.#handlers.dashboard(job);
      case 'merge-group':
        return this.#handlers['merge-group'](job);
      case 'night':
        return this.#handlers.night(job);
      case 'repair':
        return this.#handlers.repair(job);
      default:
        return job satisfies never;
    }
  }
}
