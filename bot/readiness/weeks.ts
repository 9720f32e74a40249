import type { GateReading, Readiness } from '#bot/gates/forward-evidence.ts';
import type { Target } from '#bot/gates/readiness-policy.ts';
import { allPass } from './seven-gates.ts';

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** 1970 began on a Thursday. */
const FIRST_MONDAY = 4 * DAY_MS;

/** The newest Monday, 00:00 UTC, that is not later. @param at market time, UTC milliseconds */
export function weekEndOf(at: number): number {
  return FIRST_MONDAY + Math.floor((at - FIRST_MONDAY) / WEEK_MS) * WEEK_MS;
}

export interface Weeks {
  readonly target: Target;
  /** Market time from which weeks count, that of its loading or later, and up to which the record goes; UTC milliseconds. */
  readonly since: number;
  readonly asOf: number;
  readonly weeksAsked: number;
  /** The seven gates as they stood at a market time: what the record says up to then, and nothing later. */
  readonly gatesAt: (asOf: number) => readonly GateReading[];
}

/** The weekly report: how the gates stand at the end of the newest whole week, and for how many weeks in a row all have passed. */
export function readinessOf({ target, since, asOf, weeksAsked, gatesAt }: Weeks): Omit<Readiness, 'obstacle'> {
  const week = weekEndOf(asOf);
  const gates = gatesAt(week);
  let weeksHeld = 0;
  for (let end = week; weeksHeld < weeksAsked && end > since; end -= WEEK_MS) {
    if (!allPass(end === week ? gates : gatesAt(end))) break;
    weeksHeld += 1;
  }
  return { target, week, gates: [...gates], weeksHeld, weeksAsked, isReady: weeksHeld >= weeksAsked };
}
