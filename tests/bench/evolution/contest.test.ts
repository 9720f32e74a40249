import { afterAll, describe, expect, it } from 'vitest';
import { shippedFiles } from '#tests/support/deployment.ts';
import { openArena } from './arena.ts';
import { contest, type Match } from './contest.ts';

const arena = openArena('../shared/data', 2);
afterAll(() => arena?.close());

describe('evolution against random search', () => {
  it.skipIf(arena === null)(
    'is judged by medians on data that nothing was chosen by, seed by seed as it is told',
    async () => {
      const told: Match[] = [];
      const found = await contest(arena!, shippedFiles('ema-cross'), {
        seeds: [1, 2],
        trials: 3,
        onMatch: (match) => told.push(match),
      });
      expect(found.matches).toEqual(told);
      expect(told.map(({ seed }) => seed)).toEqual([1, 2]);
      const { evolution, random } = found.medians;
      expect(evolution.selection).toBeCloseTo((told[0]!.evolution.selection + told[1]!.evolution.selection) / 2, 12);
      expect(found.beatsRandom).toBe(evolution.selection > random.selection);
      expect(found.beatsIncumbent).toBe(evolution.selection > found.incumbent.selection);
      expect(found.incumbent.development).toBeLessThan(0);
    },
    60_000,
  );

  it('has nothing to say where the candles are not', () => {
    expect(openArena('nowhere', 1)).toBeNull();
  });
});
