import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Job, JobQueue, readQueue } from '#bot/github/job-queue.ts';
import { type JobHandlers, type Lane, Worker } from '#bot/github/worker.ts';

const DAY_MS = 86_400_000;
const PAUSES_MS = [1_000, 10_000];

let dir: string;
let queue: JobQueue;
let now: number;
/** The queue's own clock stands still until a test moves it. */
const open = (): JobQueue => JobQueue.open(join(dir, 'queue.sqlite'), { clock: () => now, pausesMs: PAUSES_MS });

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ratchet-queue-'));
  now = Date.UTC(2026, 0, 1);
  queue = open();
});

afterEach(() => {
  queue.close();
  rmSync(dir, { recursive: true });
});

const mainMoved = { job: { kind: 'main-moved' } } as const;
const gates = (number: number): Job => ({ kind: 'gates', number });
/** Takes the next job, after the pause that the one before may have been given. */
const takeLater = () => {
  now += 60_000;
  return queue.take();
};
const giveUp = (job: Job, error: string) => {
  queue.add(job);
  for (const _attempt of [1, 2, 3]) queue.fail(takeLater()!.id, error);
};

describe('the job queue', () => {
  it('takes the same delivery once', () => {
    expect(queue.accept('d-1', 'push', [mainMoved])).toBe(true);
    expect(queue.accept('d-1', 'push', [mainMoved])).toBe(false);
    expect(queue.take()?.job).toEqual({ kind: 'main-moved' });
    expect(queue.take()).toBeNull();
  });

  it('does not queue twice what is waiting already, but does queue again what is being done', () => {
    queue.add(gates(4));
    queue.add(gates(4));
    expect(queue.take()?.job).toEqual(gates(4));
    queue.add(gates(4));
    expect(queue.take()?.job).toEqual(gates(4));
    expect(queue.take()).toBeNull();
  });

  it('gives up what ended the process again and again, so that others have their turn', () => {
    queue.add(gates(4));
    queue.add(gates(5));
    for (let end = 0; end < 20; end += 1) {
      expect(queue.take()?.job).toEqual(gates(4));
      queue.close();
      queue = open();
    }
    expect(queue.take()?.job).toEqual(gates(5));
    expect(queue.failed()).toEqual([{ job: gates(4), error: expect.stringContaining('ended 20 times') }]);
  });

  it('has room for ten thousand deliveries, told twice and in another order, and loses and repeats none', () => {
    const ids = Array.from({ length: 10_000 }, (_, index) => (index * 7_919) % 10_000);
    const help = { kind: 'comment', number: 1, author: 'a', body: '/help', isPullRequest: false } as const;
    const heard = (id: number) =>
      ({ job: { ...help, commentId: id }, sighting: { key: `comment:${id}`, state: 'taken' } }) as const;
    expect(queue.hear(ids.map(heard))).toBe(true);
    expect(queue.hear(ids.toReversed().map(heard))).toBe(false);
    expect(queue.list()).toHaveLength(10_000);
    for (const commentId of ids.slice(0, 20)) {
      const next = queue.take()!;
      expect(next.job).toEqual({ ...help, commentId });
      queue.finish(next.id);
    }
    expect(queue.take(({ kind }) => kind === 'gates')).toBeNull();
  });

  it('puts back what a killed process had begun', () => {
    queue.add(gates(4));
    expect(queue.take()).not.toBeNull();
    const reopened = open();
    expect(reopened.take()?.job).toEqual(gates(4));
    reopened.close();
  }, 120_000);

  it('takes up a file that an older version made', () => {
    const old = new Database(join(dir, 'old.sqlite'));
    old.exec(`
      CREATE TABLE deliveries (id TEXT PRIMARY KEY, event TEXT NOT NULL) STRICT;
      CREATE TABLE jobs (id INTEGER PRIMARY KEY, job TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'failed')), attempts INTEGER NOT NULL DEFAULT 0, error TEXT) STRICT;
      INSERT INTO deliveries VALUES ('d-1', 'push');
      INSERT INTO jobs (job, state) VALUES ('{"kind":"gates","number":4}', 'running');
    `);
    old.close();
    for (const _start of [1, 2]) {
      const opened = JobQueue.open(join(dir, 'old.sqlite'));
      expect(opened.accept('d-1', 'push', [mainMoved])).toBe(false);
      expect(opened.list()).toMatchObject([{ job: gates(4), state: 'queued' }]);
      opened.close();
    }
  });
});

describe('what webhooks tell and polling sees', () => {
  const at = (state: string) => ({ job: gates(7), sighting: { key: 'pull:7', state } });

  it('is one thing: whoever is second adds nothing', () => {
    expect(queue.accept('d-1', 'pull_request', [at('a')])).toBe(true);
    expect(queue.hear([at('a')])).toBe(false);
    expect(queue.hear([at('b')])).toBe(true);
    expect(queue.accept('d-2', 'pull_request', [at('b')])).toBe(false);
    // It stands again as it once stood: that is news.
    expect(queue.hear([at('a')])).toBe(true);
  });

  it('is remembered without a job when the bot did it itself', () => {
    expect(queue.accept('d-1', 'pull_request', [{ ...at('a'), job: null }])).toBe(false);
    expect(queue.hear([at('a')])).toBe(false);
    expect(queue.list()).toEqual([]);
  });

  it('survives a restart, and comments and deliveries are forgotten when they are too old to come again', () => {
    const taken = { job: null, sighting: { key: 'comment:1', state: 'taken' } };
    queue.accept('d-1', 'issue_comment', [taken, at('a')]);
    now += 29 * DAY_MS;
    queue.close();
    queue = open();
    expect([queue.seen('comment:1'), queue.seen('pull:7')]).toEqual(['taken', 'a']);
    expect(queue.accept('d-1', 'push', [mainMoved])).toBe(false);
    now += 2 * DAY_MS;
    expect(queue.accept('d-1', 'push', [mainMoved])).toBe(true);
    expect(queue.seen('comment:1')).toBe('taken');
    now += 30 * DAY_MS;
    queue.hear([]);
    expect([queue.seen('comment:1'), queue.seen('pull:7')]).toEqual([null, 'a']);
  });
});

describe('a job that fails', () => {
  it('rests longer each time, and is given up with its reason after the last', () => {
    queue.add(gates(4));
    for (const pauseMs of PAUSES_MS) {
      expect(queue.fail(queue.take()!.id, 'the forge is away')).toBe('queued');
      expect(queue.take()).toBeNull();
      expect(queue.msUntilDue()).toBe(pauseMs);
      now += pauseMs;
    }
    expect(queue.list()).toMatchObject([{ attempts: 2, error: 'the forge is away', state: 'queued' }]);
    expect(queue.fail(queue.take()!.id, 'the forge is away for good')).toBe('failed');
    expect(queue.msUntilDue()).toBeNull();
    expect(queue.failed()).toEqual([{ job: gates(4), error: 'the forge is away for good' }]);
  });

  it('does not stand in the way of the others', () => {
    queue.add(gates(4));
    queue.add(gates(5));
    queue.fail(queue.take()!.id, 'not now');
    expect(queue.take()?.job).toEqual(gates(5));
    expect(queue.msUntilDue((job) => job.kind === 'comment')).toBeNull();
  });

  it('comes back when it was told to, however often, and that costs no attempt', () => {
    queue.add(gates(4));
    for (const _hour of Array.from({ length: 10 })) {
      expect(queue.fail(queue.take()!.id, 'rate limit', now + 3_600_000)).toBe('queued');
      expect(queue.msUntilDue()).toBe(3_600_000);
      now += 3_600_000;
    }
    expect(queue.list()).toMatchObject([{ attempts: 0, error: 'rate limit' }]);
  });

  it('is given up in the end even by a limit that is never lifted', () => {
    queue.add(gates(4));
    let tries = 0;
    for (let taken = takeLater(); taken !== null; taken = takeLater()) {
      tries += 1;
      queue.fail(taken.id, 'rate limit', now + 1);
    }
    expect(tries).toBe(50 + PAUSES_MS.length + 1);
    expect(queue.failed()).toHaveLength(1);
  });

  it('can be seen from elsewhere, with what it failed with', () => {
    queue.add(gates(4));
    queue.fail(queue.take()!.id, 'the forge is away');
    const [job] = readQueue(join(dir, 'queue.sqlite'));
    expect(job).toMatchObject({ job: gates(4), state: 'queued', attempts: 1, error: 'the forge is away', dueAt: now + 1_000 });
  });

  it('starts over when somebody asks for it again', () => {
    queue.add(gates(4));
    queue.fail(queue.take()!.id, 'not now');
    queue.add(gates(4));
    expect(queue.take()?.job).toEqual(gates(4));
    expect(queue.list()).toMatchObject([{ attempts: 1 }]);
  });
});

describe('what was given up', () => {
  it('is remembered with its reason until the same job is done after all', () => {
    giveUp(gates(4), 'the forge is away');
    giveUp(gates(5), 'the disk is full');
    expect(queue.failed()).toEqual([
      { job: gates(4), error: 'the forge is away' },
      { job: gates(5), error: 'the disk is full' },
    ]);
    queue.add(gates(4));
    queue.finish(queue.take()!.id);
    expect(queue.failed()).toEqual([{ job: gates(5), error: 'the disk is full' }]);
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
  command: async () => {},
  box: async () => {},
  'main-moved': async () => {},
  tend: async () => {},
  'state-moved': async () => {},
  'issue-edited': async () => {},
  dashboard: async () => {},
  repair: async () => {},
  'merge-group': async () => {},
  night: async () => {},
};
const laneOf = (job: Job): Lane => (job.kind === 'gates' || job.kind === 'main-moved' ? 'proofs' : 'answers');
const workerOf = (handlers: Partial<JobHandlers>, of: JobQueue = queue, log = pino({ level: 'silent' })): Worker =>
  new Worker({ queue: of, handlers: { ...nothing, ...handlers }, laneOf, log });

describe('the worker', () => {
  it('does the jobs of a lane in order, one at a time, and goes on after one that fails', async () => {
    const seen: string[] = [];
    let failures = 1;
    let running = 0;
    const quick = JobQueue.open(join(dir, 'quick.sqlite'), { pausesMs: [1] });
    const handlers: Partial<JobHandlers> = {
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
    };
    const worker = workerOf(handlers, quick);
    for (const job of [gates(1), gates(2), { kind: 'main-moved' } as const]) quick.add(job);
    worker.start();
    await worker.idle();
    await worker.stop();
    quick.close();
    expect(seen.toSorted()).toEqual(['gates 1, 1 running', 'gates 1, 1 running', 'gates 2, 1 running', 'main']);
    expect(seen.indexOf('main')).toBeGreaterThan(seen.indexOf('gates 2, 1 running'));
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
    expect(lines).toHaveLength(3);
    expect(lines[0]).toContain('The queue cannot be used');
  });
});
