import { RatchetError } from '#engine/errors.ts';

/** `2024-01-31` */
export function dateOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** `2024-01-31 18:00` */
export function minuteOf(time: number): string {
  return new Date(time).toISOString().slice(0, 16).replace('T', ' ');
}

/** A day, or a minute of one, in UTC: the result id must not depend on where a person sits. */
export function timeOf(flag: string, text: string): number {
  const isWritten = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z)?$/.test(text);
  const time = isWritten ? Date.parse(text) : Number.NaN;
  // A day that a month does not have would become one of the next month.
  if (Number.isFinite(time) && dateOf(time) === text.slice(0, 10)) return time;
  throw new RatchetError('backtest/usage', `${flag} ${text} is not a date.`, 'Write it like 2024-01-31, or 2024-01-31T18:00Z.');
}
