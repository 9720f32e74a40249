import { Cron } from 'croner';
import { z } from 'zod';

/** Five fields as POSIX has them: numbers, names, `*`, lists, ranges and steps; GitHub and crontab read the same. */
const FIELD = /^(?:[\d*,/-]|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat)+$/i;

/** When nights begin. A pattern alone is one in UTC. */
export const NightSchedule = z.preprocess(
  (value) => (typeof value === 'string' ? { at: value } : value),
  z
    .strictObject({
      /** Minute, hour, day of the month, month, day of the week: `30 2 * * *`. */
      at: z.string(),
      /** IANA name of the zone whose clock that is. */
      timeZone: z.string().default('UTC'),
    })
    .superRefine(({ at, timeZone }, context) => {
      const problem = problemWith(at, timeZone);
      if (problem !== null) context.addIssue({ code: 'custom', ...problem });
    }),
);
export type NightSchedule = z.infer<typeof NightSchedule>;

/**
 * The last time a night was to begin before `now`; null when there was none. A time that the clock skips is the moment after the gap,
 * and one it shows twice is the first of the two: a nightly pattern has one night a night, whatever the clock does.
 * @param now UTC milliseconds, as is what it gives; whole seconds
 */
export function lastDue(schedule: NightSchedule, now: number): number | null {
  return cronOf(schedule).previousRuns(1, new Date(now))[0]?.getTime() ?? null;
}

/** The next time a night is to begin after `now`; null when there is none. UTC milliseconds. */
export function nextDue(schedule: NightSchedule, now: number): number | null {
  return cronOf(schedule).nextRun(new Date(now))?.getTime() ?? null;
}

function cronOf({ at, timeZone }: NightSchedule): Cron {
  // Asked for times only; it runs nothing.
  return new Cron(at, { timezone: timeZone, mode: '5-part', paused: true });
}

function problemWith(at: string, timeZone: string): { readonly path: string[]; readonly message: string } | null {
  const fields = at.trim().split(/\s+/);
  if (fields.length !== 5 || !fields.every((field) => FIELD.test(field)))
    return {
      path: ['at'],
      message: 'it has five fields (minute, hour, day of the month, month, day of the week), such as "30 2 * * *"',
    };
  if (!isZone(timeZone)) return { path: ['timeZone'], message: `there is no time zone ${timeZone}; name one as "Europe/Berlin"` };
  try {
    if (nextDue({ at, timeZone }, Date.UTC(2026, 0, 1)) === null) return { path: ['at'], message: 'that time never comes' };
  } catch (error) {
    return { path: ['at'], message: error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error) };
  }
  return null;
}

/** Newer versions of Node take offsets for zones too; those know no daylight saving, and GitHub takes names only. */
function isZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== null;
  } catch {
    return false;
  }
}
