import type { Clock } from '#engine/clock.ts';

/** Starts at the other clock's now and runs `pace` times as fast. */
export function pacedClock(clock: Clock, pace: number): Clock {
  const start = clock.now();
  return {
    now: () => start + Math.floor((clock.now() - start) * pace),
    after: (ms, work) => clock.after(ms / pace, work),
  };
}
