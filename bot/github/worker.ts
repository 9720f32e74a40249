import { explain } from '#engine/errors.ts';
import type { Logger } from '#engine/log.ts';
import type { Job, JobQueue } from './job-queue.ts';

export type JobHandlers = { readonly [K in Job['kind']]: (job: Extract<Job, { kind: K }>) => Promise<void> };

/** Does the queue's jobs one after another, for as long as it is told to. */
export class Worker {
  readonly #queue: JobQueue;
  readonly #handlers: JobHandlers;
  readonly #log: Logger;
  readonly #idlers: (() => void)[] = [];
  #wake: () => void = () => {};
  #isStopping = false;
  #running: Promise<void> = Promise.resolve();

  constructor(queue: JobQueue, handlers: JobHandlers, log: Logger) {
    this.#queue = queue;
    this.#handlers = handlers;
    this.#log = log.child({ room: 'bot' });
  }

  start(): void {
    this.#running = this.#loop();
  }

  /** Looks at the queue again; call it after adding a job. */
  wake(): void {
    this.#wake();
  }

  /** Resolves when the queue is empty and nothing is being done. */
  idle(): Promise<void> {
    const idle = new Promise<void>((resolve) => this.#idlers.push(resolve));
    this.#wake();
    return idle;
  }

  /** Ends after the job at hand. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#wake();
    await this.#running;
  }

  async #loop(): Promise<void> {
    while (!this.#isStopping) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const next = this.#queue.take();
      if (next !== null) {
        await this.#do(next.id, next.job);
        continue;
      }
      for (const idler of this.#idlers.splice(0)) idler();
      await woken;
    }
    for (const idler of this.#idlers.splice(0)) idler();
  }

  async #do(id: number, job: Job): Promise<void> {
    try {
      await this.#handle(job);
      this.#queue.finish(id);
    } catch (error) {
      const state = this.#queue.fail(id, explain(error));
      this.#log.error({ err: error, job, state }, 'A job failed.');
    }
  }

  #handle(job: Job): Promise<void> {
    switch (job.kind) {
      case 'gates':
        return this.#handlers.gates(job);
      case 'comment':
        return this.#handlers.comment(job);
      case 'main-moved':
        return this.#handlers['main-moved'](job);
      case 'state-moved':
        return this.#handlers['state-moved'](job);
      default:
        return job satisfies never;
    }
  }
}
