import { describe, expect, it } from 'vitest';
import { MUST_HAPPEN } from './must-happen.ts';
import { runSeed } from './run-seed.ts';
import { Tally } from './tally.ts';

/** A short form of `npm run simulate`. */
const SEEDS = 20;

describe('everything that trades, under faults and crashes', () => {
  it(`keeps every invariant over ${SEEDS} seeds, which between them meet every kind of trouble`, async () => {
    const tally = new Tally();
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const { violation, counts } = await runSeed(seed);
      expect(violation, `seed ${seed}`).toBeNull();
      tally.add(counts);
    }
    expect(MUST_HAPPEN.filter((name) => tally.of(name) === 0)).toEqual([]);
  }, 60_000);

  it('happens again exactly, from the same seed', async () => {
    const once = await runSeed(3);
    const again = await runSeed(3);
    expect(again).toEqual(once);
    expect(once.steps).toBeGreaterThan(100);
    expect((await runSeed(4)).digest).not.toBe(once.digest);
  });
});
