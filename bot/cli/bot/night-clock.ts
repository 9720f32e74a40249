import { z } from 'zod';
import type { JobQueue, Sighting } from '#bot/github/job-queue.ts';
import { lastDue, NightSchedule } from '#bot/orchestrator/night-schedule.ts';

/** What was seen last of the schedule's time, beside what else the queue has seen. */
const KEY = 'nights';
/** A clock that is put forward, a machine that slept: whoever looks again and again misses neither. */
const LOOK_EVERY_MS = 20_000;

/** A time that has come, and by which schedule. */
const Seen = z.strictObject({ schedule: NightSchedule, due: z.int() });

export interface NightClockOptions {
  readonly schedule: NightSchedule;
  readonly queue: JobQueue;
  readonly onJobs: () => void;
  /** Wall clock, UTC milliseconds. */
  readonly clock: () => number;
}

/**
 * Asks for a night whenever its time has come. What it saw last is kept in the queue: times that went by while nobody looked make one
 * night in all, and a schedule that is new makes none for the time before it was.
 */
export class NightClock {
  readonly #options: NightClockOptions;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: NightClockOptions) {
    this.#options = options;
  }

  start(): void {
    this.look();
    this.#timer = setInterval(() => this.look(), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  look(): void {
    const { schedule, queue, onJobs, clock } = this.#options;
    const due = lastDue(schedule, clock());
    if (due === null) return;
    const seen = this.#seen();
    const isSame = seen?.schedule.at === schedule.at && seen.schedule.timeZone === schedule.timeZone;
    if (!isSame) queue.note(sightingOf(schedule, due));
    // Earlier than what was seen: the clock was put back.
    else if (due > seen.due && queue.hear([{ job: { kind: 'night', at: due }, sighting: sightingOf(schedule, due) }])) onJobs();
  }

  /** Whether a night was asked for after this one: of nights that wait behind each other the last is held. */
  isOvertaken(at: number): boolean {
    return at < (this.#seen()?.due ?? at);
  }

  #seen(): z.infer<typeof Seen> | null {
    const state = this.#options.queue.seen(KEY);
    return state === null ? null : Seen.parse(JSON.parse(state));
  }
}

function sightingOf(schedule: NightSchedule, due: number): Sighting {
  return { key: KEY, state: JSON.stringify({ schedule, due }) };
}
