import { describe, expect, it } from 'vitest';
import { RestartPause } from '#engine/runtime/restart-pause.ts';

describe('an engine that begins anew', () => {
  it('waits twice as long each time that it breaks soon, a minute at most, and a second again once it has run for long', () => {
    const pause = new RestartPause();
    expect([1, 2, 3, 4, 5, 6, 7, 8].map(() => pause.after(500))).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000,
    ]);
    expect(pause.after(10 * 60_000)).toBe(1_000);
    expect(pause.after(0)).toBe(2_000);
  });
});
