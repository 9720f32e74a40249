import { describe, expect, it } from 'vitest';
import { dateTicks, roundScale } from '#bot/evidence/charts/scale.ts';
import fc from '#tests/support/properties.ts';

describe('a round scale', () => {
  it('has round steps that hold the data', () => {
    expect(roundScale(-0.246, 0.39, 6).ticks.map((tick) => Number(tick.toFixed(6)))).toEqual([-0.4, -0.2, 0, 0.2, 0.4]);
  });

  it('holds any data between its ends, with a handful of ticks', () => {
    const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(value, value, (left, right) => {
        const [low, high] = left < right ? [left, right] : [right, left];
        const scale = roundScale(low, high, 6);
        const slack = (scale.max - scale.min) * 1e-9;
        expect(scale.min).toBeLessThanOrEqual(low + slack);
        expect(scale.max).toBeGreaterThanOrEqual(high - slack);
        expect(scale.ticks.length).toBeGreaterThanOrEqual(2);
        expect(scale.ticks.length).toBeLessThanOrEqual(9);
      }),
    );
  });

  it('makes room around constant data', () => {
    const scale = roundScale(0, 0, 6);
    expect(scale.max).toBeGreaterThan(scale.min);
  });
});

describe('round dates', () => {
  it('are month beginnings in a long span', () => {
    const ticks = dateTicks(Date.UTC(2025, 0, 2), Date.UTC(2026, 1, 14), 9);
    expect(ticks.map((tick) => tick.label)).toEqual(['Mar 2025', 'May 2025', 'Jul 2025', 'Sep 2025', 'Nov 2025', 'Jan 2026']);
  });

  it('are days in a short one and years in a very long one', () => {
    expect(dateTicks(Date.UTC(2025, 0, 1), Date.UTC(2025, 0, 8), 9)[1]!.label).toBe('2 Jan');
    expect(dateTicks(Date.UTC(2015, 5, 1), Date.UTC(2025, 0, 8), 9).map((tick) => tick.label)).toEqual([
      '2016',
      '2018',
      '2020',
      '2022',
      '2024',
    ]);
  });
});
