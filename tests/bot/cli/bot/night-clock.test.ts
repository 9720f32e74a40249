import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NightClock } from '#bot/cli/bot/night-clock.ts';
import { JobQueue } from '#bot/github/job-queue.ts';
import type { NightSchedule } from '#bot/orchestrator/night-schedule.ts';

const berlin = { at: '30 2 * * *', timeZone: 'Europe/Berlin' };
const MINUTE_MS = 60_000;
const at = (text: string) => Date.parse(text);
let dir: string;
let queue: JobQueue;
let now: number;
let woken: number;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ratchet-nights-'));
  queue = JobQueue.open(join(dir, 'queue.sqlite'), { clock: () => now });
  now = at('2026-03-27T12:00:00Z');
  woken = 0;
});
afterEach(() => {
  queue.close();
  rmSync(dir, { recursive: true });
});

const clockFor = (schedule: NightSchedule) =>
  new NightClock({
    schedule,
    queue,
    onJobs: () => {
      woken += 1;
    },
    clock: () => now,
  });
const asked = () => queue.list().map(({ job }) => new Date((job as { at: number }).at).toISOString());
/** Looks every quarter of an hour until then. */
function lookUntil(clock: NightClock, text: string): void {
  for (; now <= at(text); now += 15 * MINUTE_MS) clock.look();
}

describe("the bot's clock for nights", () => {
  it('asks for one night a night, also where the clock is put forward and back', () => {
    const clock = clockFor(berlin);
    lookUntil(clock, '2026-03-30T12:00:00Z');
    expect(asked()).toEqual(['2026-03-28T01:30:00.000Z', '2026-03-29T01:00:00.000Z', '2026-03-30T00:30:00.000Z']);
    now = at('2026-10-24T12:00:00Z');
    clock.look();
    lookUntil(clock, '2026-10-26T12:00:00Z');
    expect(asked().slice(3)).toEqual(['2026-10-24T00:30:00.000Z', '2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z']);
    expect(woken).toBe(6);
  });

  it('asks for what it missed once, however many there were', () => {
    clockFor(berlin).look();
    now = at('2026-03-27T12:00:00Z') + 20 * 24 * 60 * MINUTE_MS;
    const restarted = clockFor(berlin);
    restarted.look();
    restarted.look();
    expect(asked()).toEqual(['2026-04-16T00:30:00.000Z']);
  });

  it('asks for nothing that was before there was a schedule, or another one', () => {
    clockFor(berlin).look();
    clockFor({ ...berlin, at: '0 11 * * *' }).look();
    clockFor({ at: '0 11 * * *', timeZone: 'UTC' }).look();
    expect(asked()).toEqual([]);
    now = at('2026-03-28T11:01:00Z');
    clockFor({ at: '0 11 * * *', timeZone: 'UTC' }).look();
    expect(asked()).toEqual(['2026-03-28T11:00:00.000Z']);
  });

  it('asks for none again when the clock of the machine is put back', () => {
    const clock = clockFor(berlin);
    lookUntil(clock, '2026-03-28T12:00:00Z');
    now = at('2026-03-27T00:00:00Z');
    lookUntil(clock, '2026-03-28T12:00:00Z');
    expect(asked()).toEqual(['2026-03-28T01:30:00.000Z']);
  });

  it('knows which of two that wait was overtaken', () => {
    const clock = clockFor(berlin);
    lookUntil(clock, '2026-03-29T12:00:00Z');
    expect(queue.list().map(({ job }) => clock.isOvertaken((job as { at: number }).at))).toEqual([true, false]);
  });
});
