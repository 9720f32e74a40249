import type { Clock } from '#engine/clock.ts';

/**
 * Agrees with the other clock at `start` and runs `pace` times as fast.
 * @param start UTC milliseconds, by the other clock; its now when left out. Processes that name the same have the same time.
 */
export function pacedClock(clock: Clock, pace: number, start = clock.now()): Clock {
  return {
    now: () => start + Math.floor((clock.now() - start) * pace),
    after: (ms, work) => clock.after(ms / pace, work),
  };
}
