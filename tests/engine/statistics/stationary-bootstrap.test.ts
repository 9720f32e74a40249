import { describe, expect, it } from 'vitest';
import { RandomStream } from '#engine/candles/random-stream.ts';
import { automaticBlockLength } from '#engine/statistics/block-length.ts';
import { stationaryBootstrapIndices } from '#engine/statistics/stationary-bootstrap.ts';
import { stationaryBootstrapVariance } from '#engine/statistics/stationary-bootstrap-variance.ts';
import fc from '#tests/support/properties.ts';
import { everyResample, NOT_NUMBERS, normalSeries, refusal } from './series-samples.ts';

const stream = (name = 'bootstrap') => new RandomStream(11, name);

describe('resamples of the stationary bootstrap', () => {
  it('are drawn as often as they are likely', () => {
    const counts = new Map<string, number>();
    const random = stream();
    for (let draw = 0; draw < 60_000; draw += 1) {
      const key = stationaryBootstrapIndices(3, 2, random).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const likely = everyResample(3, 2);
    expect(likely.reduce((total, { probability }) => total + probability, 0)).toBeCloseTo(1, 12);
    for (const { indices, probability } of likely) {
      const error = Math.sqrt((probability * (1 - probability)) / 60_000);
      expect(Math.abs((counts.get(indices.join()) ?? 0) / 60_000 - probability)).toBeLessThan(5 * error);
    }
  });

  it('have blocks of the mean length asked for, and run on from the last observation to the first', () => {
    const indices = stationaryBootstrapIndices(100_000, 8, stream());
    let breaks = 0;
    for (let index = 1; index < indices.length; index += 1) {
      if (indices[index] !== (indices[index - 1]! + 1) % 100_000) breaks += 1;
    }
    expect(100_000 / breaks).toBeGreaterThan(7.6);
    expect(100_000 / breaks).toBeLessThan(8.4);
    expect([...stationaryBootstrapIndices(3, 1e9, { uniform: () => 0.9 })]).toEqual([2, 0, 1]);
  });

  it('are the same from the same seed', () => {
    expect(stationaryBootstrapIndices(50, 4, stream())).toEqual(stationaryBootstrapIndices(50, 4, stream()));
    expect(stationaryBootstrapIndices(50, 4, stream())).not.toEqual(stationaryBootstrapIndices(50, 4, stream('another')));
  });

  it('refuse no observations and blocks shorter than one', () => {
    expect(() => stationaryBootstrapIndices(0, 4, stream())).toThrow(refusal('statistics/out-of-range'));
    for (const length of [0.5, Number.NaN]) {
      expect(() => stationaryBootstrapIndices(9, length, stream())).toThrow(refusal('statistics/out-of-range'));
    }
  });
});

describe('the variance of the stationary bootstrap', () => {
  it('of eight numbers is 1.84', () => {
    expect(stationaryBootstrapVariance([1, -2, 3, -1, 2, 0, -3, 4], 3)).toBeCloseTo(1.8407350251, 10);
  });

  it.each([1, 1.5, 2, 6])('is that of every resample there is, at a mean block of %d', (blockLength) => {
    const series = [1, -2, 4, 0.5, 3];
    let [mean, square] = [0, 0];
    for (const { indices, probability } of everyResample(series.length, blockLength)) {
      const resampled = indices.reduce((total, index) => total + series[index]!, 0) / series.length;
      mean += probability * resampled;
      square += probability * resampled * resampled;
    }
    expect(stationaryBootstrapVariance(series, blockLength)).toBeCloseTo(series.length * (square - mean * mean), 10);
  });

  it('is null of nothing, 0 of a constant, and never negative', () => {
    expect(stationaryBootstrapVariance([], 3)).toBeNull();
    expect(stationaryBootstrapVariance([2], 3)).toBe(0);
    expect(stationaryBootstrapVariance([0.1, 0.1, 0.1], 3)).toBe(0);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 50 }),
        (series, length) => {
          expect(stationaryBootstrapVariance(series, length)!).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });

  it('refuses holes and blocks shorter than one', () => {
    for (const value of NOT_NUMBERS)
      expect(() => stationaryBootstrapVariance([1, value], 2)).toThrow(refusal('statistics/not-finite'));
    expect(() => stationaryBootstrapVariance([1, 2], 0)).toThrow(refusal('statistics/out-of-range'));
  });
});

describe('the automatic block length', () => {
  it('of an autoregression over modulo noise is 4.157', () => {
    const series: number[] = [];
    for (let t = 0; t < 400; t += 1) series.push(0.5 * (series[t - 1] ?? 0) + (((7 * t * t + 3 * t) % 101) - 50));
    expect(automaticBlockLength(series)).toBeCloseTo(4.15731667, 8);
  });

  it('is longer the longer the series remembers', () => {
    const noise = normalSeries(3000, 4);
    const remembering = (memory: number) => {
      const series: number[] = [];
      for (const [t, value] of noise.entries()) series.push(memory * (series[t - 1] ?? 0) + value);
      return automaticBlockLength(series);
    };
    expect(remembering(0)).toBeLessThan(remembering(0.5));
    expect(remembering(0.5)).toBeLessThan(remembering(0.9));
    // Politis and White's own theory for AR(1): (G²·2/D)^⅓·n^⅓ with G/g(0) = 2ρ/(1 - ρ²).
    const ideal = Math.cbrt(((2 * 0.5) / (1 - 0.25)) ** 2 * 3000);
    expect(Math.abs(remembering(0.5) / ideal - 1)).toBeLessThan(0.35);
  });

  it('does not depend on scale or level', () => {
    const series = normalSeries(300, 9);
    expect(automaticBlockLength(series.map((value) => 5 + 3 * value))).toBeCloseTo(automaticBlockLength(series), 6);
  });

  it('stays within its bounds: 1 of a series that is short or constant, 3√n or n/3 of one that only trends', () => {
    expect([[], [1], [1, 2, 3, 4], new Array<number>(500).fill(0.1)].map(automaticBlockLength)).toEqual([1, 1, 1, 1]);
    const trend = Array.from({ length: 900 }, (_, t) => t);
    expect(automaticBlockLength(trend)).toBeGreaterThan(20);
    expect(automaticBlockLength(trend)).toBeLessThanOrEqual(90);
    for (let count = 0; count < 60; count += 1) {
      const length = automaticBlockLength(normalSeries(count, count));
      expect(length).toBeGreaterThanOrEqual(1);
      expect(length).toBeLessThanOrEqual(Math.max(1, Math.ceil(count / 3)));
    }
  });

  it.each(NOT_NUMBERS)('refuses a series with %d', (value) => {
    expect(() => automaticBlockLength([1, 2, value])).toThrow(refusal('statistics/not-finite'));
  });
});
