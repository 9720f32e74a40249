import { describe, expect, it } from 'vitest';
import { brierScore } from '#engine/statistics/brier-score.ts';
import { wilsonInterval } from '#engine/statistics/wilson-interval.ts';
import fc from '#tests/support/properties.ts';

const said = (probability: number, ...happened: readonly (0 | 1)[]) =>
  happened.map((one) => ({ probability, cameTrue: one === 1 }));

describe('the Brier score', () => {
  it('is the mean squared distance of what was said from what happened', () => {
    const score = brierScore([...said(0.9, 1), ...said(0.3, 0), ...said(0.6, 0)])!;
    expect(score.brier).toBeCloseTo((0.01 + 0.09 + 0.36) / 3, 12);
  });

  it('comes from reliability, resolution and uncertainty', () => {
    // Two bins: four times 0.8, of which three came true, and four times 0.2, of which one did.
    const score = brierScore([...said(0.8, 1, 1, 1, 0), ...said(0.2, 0, 0, 1, 0)])!;
    expect(score.uncertainty).toBeCloseTo(0.25, 12);
    expect(score.reliability).toBeCloseTo(0.05 ** 2, 12);
    expect(score.resolution).toBeCloseTo(0.25 ** 2, 12);
    expect(score.withinBins).toBeCloseTo(0, 12);
    expect(score.brier).toBeCloseTo(0.19, 12);
  });

  it('adds up whatever was said, with what the bins blur', () => {
    const forecast = fc.record({ probability: fc.double({ min: 0, max: 1, noNaN: true }), cameTrue: fc.boolean() });
    fc.assert(
      fc.property(fc.array(forecast, { minLength: 1, maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (forecasts, bins) => {
        const score = brierScore(forecasts, bins)!;
        const parts = score.reliability - score.resolution + score.uncertainty + score.withinBins;
        expect(parts).toBeCloseTo(score.brier, 10);
        expect(score.bins.reduce((sum, bin) => sum + bin.forecasts, 0)).toBe(forecasts.length);
      }),
    );
  });

  it('holds what is certain in the last bin, and says nothing of nothing', () => {
    expect(brierScore(said(1, 1))!.bins).toEqual([{ from: 0.9, to: 1, forecasts: 1, meanProbability: 1, cameTrue: 1 }]);
    expect(brierScore([])).toBeNull();
    expect(() => brierScore(said(1.1, 1))).toThrow(/1.1/);
  });
});

describe("Wilson's interval", () => {
  it('is the published one', () => {
    // Newcombe 1998, Statistics in Medicine 17, table I, method 3: 81 of 263, 15 of 148, none of 20, one of 29.
    const rounded = (successes: number, trials: number) =>
      Object.values(wilsonInterval(successes, trials)).map((bound) => Number(bound.toFixed(4)));
    expect(rounded(81, 263)).toEqual([0.2553, 0.3662]);
    expect(rounded(15, 148)).toEqual([0.0624, 0.1605]);
    expect(rounded(0, 20)).toEqual([0, 0.1611]);
    expect(rounded(1, 29)).toEqual([0.0061, 0.1718]);
  });

  it('is everything without a trial', () => {
    expect(wilsonInterval(0, 0)).toEqual({ low: 0, high: 1 });
  });
});
