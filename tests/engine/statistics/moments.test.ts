import { describe, expect, it } from 'vitest';
import { momentsOf } from '#engine/statistics/moments.ts';
import { quantileOf } from '#engine/statistics/quantile.ts';
import fc from '#tests/support/properties.ts';
import { NOT_NUMBERS, refusal } from './series-samples.ts';

describe('moments', () => {
  it('of 1, 2, 3, 4, 10 are what they are by hand', () => {
    // Deviations -3 -2 -1 0 6: squares 50, cubes 180, fourths 1394.
    const { mean, variance, skewness, kurtosis } = momentsOf([1, 2, 3, 4, 10]);
    expect([mean, variance]).toEqual([4, 12.5]);
    expect(skewness).toBeCloseTo(36 / 10 ** 1.5, 14);
    expect(kurtosis).toBeCloseTo(278.8 / 100, 14);
  });

  it('of as many heads as tails have kurtosis 1, the least there is', () => {
    expect(momentsOf([1, -1, 1, -1])).toMatchObject({ skewness: 0, kurtosis: 1 });
  });

  it('do not change their shape when the sample is moved and stretched', () => {
    const sample = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 5 }).filter((values) => new Set(values).size > 1);
    fc.assert(
      fc.property(sample, fc.integer({ min: 1, max: 9 }), fc.integer({ min: -99, max: 99 }), (values, scale, shift) => {
        const [before, after] = [momentsOf(values), momentsOf(values.map((value) => scale * value + shift))];
        expect(after.skewness!).toBeCloseTo(before.skewness!, 8);
        expect(after.kurtosis!).toBeCloseTo(before.kurtosis!, 8);
        expect(after.kurtosis!).toBeGreaterThanOrEqual(1 + after.skewness! * after.skewness! - 1e-9);
      }),
    );
  });

  it('say nothing where there is nothing to say', () => {
    expect(momentsOf([])).toEqual({ count: 0, mean: null, variance: null, skewness: null, kurtosis: null });
    expect(momentsOf([2])).toEqual({ count: 1, mean: 2, variance: null, skewness: null, kurtosis: null });
    expect(momentsOf([0.1, 0.1, 0.1])).toMatchObject({ variance: 0, skewness: null, kurtosis: null });
  });

  it('take a constant return that rounding has blurred for constant', () => {
    const equity = Array.from({ length: 50 }, (_, day) => 1.001 ** day);
    const returns = equity.slice(1).map((value, day) => value / equity[day]! - 1);
    expect(new Set(returns).size).toBeGreaterThan(1);
    expect(momentsOf(returns).variance).toBe(0);
  });

  it.each(NOT_NUMBERS)('refuse %d and say where it stands', (value) => {
    expect(() => momentsOf([1, value, 2])).toThrow(
      expect.objectContaining({ code: 'statistics/not-finite', details: expect.objectContaining({ index: 1 }) }),
    );
  });
});

describe('a quantile', () => {
  it('lies between order statistics', () => {
    expect([0, 0.25, 0.5, 1].map((share) => quantileOf([4, 1, 3, 2], share))).toEqual([1, 1.75, 2.5, 4]);
    expect(quantileOf([4, 1, 3, 2], 0.9)).toBeCloseTo(3.7, 12);
    expect(quantileOf([], 0.5)).toBeNull();
    expect(quantileOf([7], 0.9)).toBe(7);
  });

  it('refuses a share that is none', () => {
    for (const share of [-0.1, 1.1, Number.NaN])
      expect(() => quantileOf([1, 2], share)).toThrow(refusal('statistics/out-of-range'));
  });
});
