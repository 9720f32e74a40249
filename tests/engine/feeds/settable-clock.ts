import type { Clock } from '#engine/clock.ts';

/** The clock of a machine, which can be set; its timers go by the world's. */
export function settable(world: Clock): { readonly clock: Clock; setBy(ms: number): void } {
  let offset = 0;
  return {
    clock: { now: () => world.now() + offset, after: (ms, work) => world.after(ms, work) },
    setBy: (ms) => {
      offset += ms;
    },
  };
}
