import { describe, expect, it } from 'vitest';
import { patienceMs } from '#engine/runtime/patience.ts';

describe('how long an answer may stay away', () => {
  it('is the same at the day’s own pace, and never less than ten seconds of this machine’s time at a faster one', () => {
    const at = (factor: number) => patienceMs(30_000, { factor, since: 0 });
    expect([patienceMs(30_000, null), at(1), at(3)]).toEqual([30_000, 30_000, 30_000]);
    expect([at(10) / 10, at(60) / 60, at(10_000) / 10_000]).toEqual([10_000, 10_000, 10_000]);
  });
});
