import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Job, JobQueue } from '#bot/github/job-queue.ts';
import { type JobHandlers, type Lane, Worker } from '#bot/github/worker.ts';

let dir: string;
let queue: JobQueue;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ratchet-queue-'));
  queue = JobQueue.open(join(dir, 'queue.sqlite'));
});

afterEach(() => {
  queue.close();
  rmSync(dir, { recursive: true });
});

describe('the job queue', () => {
  it('takes the same delivery once', () => {
    expect(queue.accept('d-1', 'push', [{ kind: 'main-moved' }])).toBe(true);
    expect(queue.accept('d-1', 'push', [{ kind: 'main-moved' }])).toBe(false);
    expect(queue.take()?.job).toEqual({ kind: 'main-moved' });
    expect(queue.take()).toBeNull();
  });

  it('does not queue twice what is waiting already, but does queue again what is being done', () => {
    queue.add({ kind: 'gates', number: 4 });
    queue.add({ kind: 'gates', number: 4 });
    expect(queue.take()?.job).toEqual({ kind: 'gates', number: 4 });
    queue.add({ kind: 'gates', number: 4 });
    expect(queue.take()?.job).toEqual({ kind: 'gates', number: 4 });
    expect(queue.take()).toBeNull();
  });

  it('puts back what a killed process had begun', () => {
    queue.add({ kind: 'gates', number: 4 });
    expect(queue.take()).not.toBeNull();
    const reopened = JobQueue.open(join(dir, 'queue.sqlite'));
    expect(reopened.take()?.job).toEqual({ kind: 'gates', number: 4 });
    reopened.close();
  });

  it('gives a job up after its last attempt and keeps the reason', () => {
    queue.add({ kind: 'main-moved' });
    const outcomes = [1, 2, 3].map(() => queue.fail(queue.take()!.id, 'the forge is away'));
    expect(outcomes).toEqual(['queued', 'queued', 'failed']);
    expect(queue.take()).toBeNull();
  });
});

describe('what was given up', () => {
  const giveUp = (job: Job, error: string) => {
    queue.add(job);
    for (const _attempt of [1, 2, 3]) queue.fail(queue.take()!.id, error);
  };

  it('is remembered with its reason until the same job is done after all', () => {
    giveUp({ kind: 'gates', number: 4 }, 'the forge is away');
    giveUp({ kind: 'gates', number: 5 }, 'the disk is full');
    expect(queue.failed()).toEqual([
      { job: { kind: 'gates', number: 4 }, error: 'the forge is away' },
      { job: { kind: 'gates', number: 5 }, error: 'the disk is full' },
    ]);
    queue.add({ kind: 'gates', number: 4 });
    queue.finish(queue.take()!.id);
    expect(queue.failed()).toEqual([{ job: { kind: 'gates', number: 5 }, error: 'the disk is full' }]);
  });

  it('is also a job that cannot be read, and the next one is taken', () => {
    const other = new Database(join(dir, 'queue.sqlite'));
    other.prepare("INSERT INTO jobs (job, state) VALUES (?, 'queued')").run('{"kind":"dance"}');
    other.close();
    queue.add({ kind: 'main-moved' });
    expect(queue.take()?.job).toEqual({ kind: 'main-moved' });
    expect(queue.failed()).toMatchObject([{ job: { kind: 'dance' } }]);
  });
});

/** A promise and what settles it. */
function signal(): { given: Promise<void>; give: () => void } {
  let give = (): void => {};
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give };
}

const comment: Job = { kind: 'comment', number: 1, commentId: 1, author: 'octo', body: '/status', isPullRequest: true };
const nothing: JobHandlers = {
  gates: async () => {},
  comment: async () => {},
  'main-moved': async () => {},
  'state-moved': async () => {},
};
const laneOf = (job: Job): Lane => (job.kind === 'gates' || job.kind === 'main-moved' ? 'proofs' : 'answers');
const workerOf = (handlers: Partial<JobHandlers>, of: JobQueue = queue, log = pino({ level: 'silent' })): Worker =>
  new Worker({ queue: of, handlers: { ...nothing, ...handlers }, laneOf, log });

describe('the worker', () => {
  it('does the jobs of a lane in order, one at a time, and goes on after one that fails', async () => {
    const seen: string[] = [];
    let failures = 1;
    let running = 0;
    const worker = workerOf({
      gates: async ({ number }) => {
        running += 1;
        await Promise.resolve();
        seen.push(`gates ${number}, ${running} running`);
        running -= 1;
        if (number === 1 && failures-- > 0) throw new Error('not now');
      },
      'main-moved': async () => {
        seen.push('main');
      },
    });
    for (const job of [{ kind: 'gates', number: 1 }, { kind: 'gates', number: 2 }, { kind: 'main-moved' }] as const)
      queue.add(job);
    worker.start();
    await worker.idle();
    await worker.stop();
    expect(seen).toEqual(['gates 1, 1 running', 'gates 1, 1 running', 'gates 2, 1 running', 'main']);
  });

  it('answers while a proof runs, and is idle only when both lanes are', async () => {
    const proof = signal();
    const answered = signal();
    let isProven = false;
    const worker = workerOf({
      gates: async () => {
        await proof.given;
        isProven = true;
      },
      comment: async () => answered.give(),
    });
    queue.add({ kind: 'gates', number: 1 });
    queue.add(comment);
    worker.start();
    const idle = worker.idle();
    await answered.given;
    expect(isProven).toBe(false);
    proof.give();
    await idle;
    expect(isProven).toBe(true);
    expect(queue.hasWaiting()).toBe(false);
    await worker.stop();
  });

  it('does what one lane leaves to the other before it is idle', async () => {
    const proven: number[] = [];
    const worker = workerOf({
      comment: async () => queue.add({ kind: 'gates', number: 9 }),
      gates: async ({ number }) => {
        proven.push(number);
      },
    });
    worker.start();
    await worker.idle();
    queue.add(comment);
    await worker.idle();
    expect(proven).toEqual([9]);
    await worker.stop();
  });

  it('says so when the queue itself fails, and stops when it is told to', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'error' }, { write: (line: string) => lines.push(line) });
    const broken = JobQueue.open(join(dir, 'broken.sqlite'));
    broken.close();
    const worker = workerOf({}, broken, log);
    worker.start();
    await worker.stop();
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('The queue cannot be used');
  });
});
