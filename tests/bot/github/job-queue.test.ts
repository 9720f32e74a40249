import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Job, JobQueue } from '#bot/github/job-queue.ts';
import { type JobHandlers, Worker } from '#bot/github/worker.ts';

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

describe('the worker', () => {
  it('does jobs in order, one at a time, and goes on after one that fails', async () => {
    const seen: string[] = [];
    let failures = 1;
    let finished: () => void = () => {};
    const done = new Promise<void>((resolve) => {
      finished = resolve;
    });
    const handlers: JobHandlers = {
      gates: async ({ number }) => {
        if (number === 1 && failures > 0) {
          failures -= 1;
          throw new Error('not now');
        }
        seen.push(`gates ${number}`);
      },
      comment: async () => {},
      'main-moved': async () => {
        seen.push('main');
        finished();
      },
      'state-moved': async () => {},
    };
    const jobs: Job[] = [{ kind: 'gates', number: 1 }, { kind: 'gates', number: 2 }, { kind: 'main-moved' }];
    for (const job of jobs) queue.add(job);
    const worker = new Worker(queue, handlers, pino({ level: 'silent' }));
    worker.start();
    await done;
    await worker.stop();
    expect(seen).toEqual(['gates 1', 'gates 2', 'main']);
  });
});
