import { createHash } from 'node:crypto';

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** Between one year and eleven. */
const WEEKS_MIN = 52;
const WEEKS_COUNT = 520;

/** `2025-03-01`, with or without a time after it. */
const DAY = /(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)/g;
/** The day in a night's name, `20250301-1`. */
const CYCLE = /(?<![\d-])\d{8}(?=-\d{1,3}(?!\d))/g;
/** UTC milliseconds, from 2001 on. */
const MILLIS = /(?<![\d.])1\d{12}(?![\d.])/g;
const MONTH_NAME =
  '(?:January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)';
const MONTH = new RegExp(
  `(?<!\\d)(?:19|20)\\d{2}-(?:0[1-9]|1[0-2])(?![-\\d])|\\b(?:\\d{1,2}\\.? )?${MONTH_NAME}\\.?(?: \\d{1,2},?)? (?:19|20)\\d{2}\\b`,
  'g',
);

export interface MovedDates {
  there(text: string): string;
  back(text: string): string;
}

/**
 * Moves every date by the same number of weeks into the past, so that weekdays and all distances stay. What looks like a date and is none,
 * or would leave the four digits of a year, stays where it is.
 */
export function movedDates(secret: string): MovedDates {
  const digest = createHash('sha256')
    .update(JSON.stringify(['dates', secret]))
    .digest();
  const weeks = WEEKS_MIN + (digest.readUInt32BE(0) % WEEKS_COUNT);
  return { there: (text) => moved(text, -weeks * WEEK_MS), back: (text) => moved(text, weeks * WEEK_MS) };
}

/** Without the months that are named without a day: they cannot be moved by weeks. */
export function blurredMonths(text: string): string {
  return text.replace(MONTH, '(a month)');
}

function moved(text: string, ms: number): string {
  return text
    .replace(DAY, (day) => movedDay(day, ms) ?? day)
    .replace(CYCLE, (day) => {
      const iso = `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`;
      return movedDay(iso, ms)?.replaceAll('-', '') ?? day;
    })
    .replace(MILLIS, (millis) => String(Number(millis) + ms));
}

function movedDay(day: string, ms: number): string | null {
  const time = Date.parse(`${day}T00:00:00Z`);
  // Some engines take the 30th of February for the 2nd of March.
  if (!Number.isFinite(time) || new Date(time).toISOString().slice(0, 10) !== day) return null;
  const at = new Date(time + ms);
  const year = at.getUTCFullYear();
  return year >= 0 && year <= 9_999 ? at.toISOString().slice(0, 10) : null;
}
