import type { EngineOptions, Pace } from './options.ts';

/** A machine that has other work may let a process wait so long, and nothing is wrong. Milliseconds on the wall. */
const wallMsMin = 10_000;

/** @returns null for the day's own pace */
export function paceOf(market: EngineOptions['market']): Pace | null {
  return 'dataset' in market ? null : (market.pace ?? null);
}

/**
 * How long an answer or a message may stay away before it counts as lost, by a clock of this pace. In a rehearsal whose time runs faster
 * half a minute of it is half a second of this machine's: so short a silence says nothing.
 * @param usualMs at the day's own pace
 */
export function patienceMs(usualMs: number, pace: Pace | null): number {
  return pace === null ? usualMs : Math.max(usualMs, wallMsMin * pace.factor);
}
