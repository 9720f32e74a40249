import { InvalidArgumentError } from 'commander';
import { isTimeframe, timeframes } from '#engine/candles/timeframe.ts';
import type { Timeframe } from '#engine/contract/types.ts';

/** Ten million bars are half a gigabyte a symbol; more is a slip of the finger. */
const MOST_BARS = 10_000_000;

/** A parser for `.option()`: digits within bounds. Beside them commander names the flag and what was given. */
function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

export const seed = wholeNumber(0, Number.MAX_SAFE_INTEGER);
/** Sandboxes at once; each is a process. */
export const workers = wholeNumber(1, 64);
/** A night without trials is no night. */
export const trials = wholeNumber(1, 100_000);
/** 0 takes a free one. */
export const port = wholeNumber(0, 65_535);
/** Milliseconds between two bars: at most an hour. */
export const pace = wholeNumber(0, 3_600_000);
/** Milliseconds between two looks: at most an hour, and not so often that it does nothing else. */
export const poll = wholeNumber(10, 3_600_000);
/** Seconds between two looks of the bot: at most a day; 0 is never. */
export const pollSeconds = wholeNumber(0, 86_400);
/** How many of something are shown. */
export const limit = wholeNumber(1, 10_000);
/** How much of something, when none is meaningful too. */
export const count = wholeNumber(0, MOST_BARS);
/** A length in bars. */
export const bars = wholeNumber(1, MOST_BARS);

/** Money, quote asset. */
export function amount(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('It must be a number above zero.');
}

/** A fee or slippage: 0.001 is a tenth of a per cent. */
export function ratio(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value < 0.5) return value;
  throw new InvalidArgumentError('It must be a ratio from 0 to below 0.5; a tenth of a per cent is 0.001.');
}

/** A day, or a minute of one, as UTC milliseconds: a result must not depend on where a person sits. */
export function utcTime(text: string): number {
  const isWritten = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z)?$/.test(text);
  const time = isWritten ? Date.parse(text) : Number.NaN;
  // A day that a month does not have would become one of the next month.
  if (Number.isFinite(time) && new Date(time).toISOString().slice(0, 10) === text.slice(0, 10)) return time;
  throw new InvalidArgumentError('It must be a date in UTC like 2024-01-31, or 2024-01-31T18:00Z.');
}

/** `90s`, `5m` or `2h`, below zero too where that means something; milliseconds. */
export function span(text: string): number {
  const [, count, unit] = /^(-?\d{1,6})(s|m|h)$/.exec(text) ?? [];
  if (count !== undefined) return Number(count) * { s: 1_000, m: 60_000, h: 3_600_000 }[unit as 's' | 'm' | 'h'];
  throw new InvalidArgumentError('It must be like 90s, 5m or 2h.');
}

export function timeframe(text: string): Timeframe {
  if (isTimeframe(text)) return text;
  throw new InvalidArgumentError(`It must be one of ${timeframes.join(', ')}.`);
}

/** `ada=triage`, added to those named before. */
export function person(text: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const [login = '', permission = '', ...rest] = text.split('=');
  if (login === '' || permission === '' || rest.length > 0) throw new InvalidArgumentError('Write it like ada=triage.');
  return { ...before, [login]: permission };
}
