import { describe, expect, it } from 'vitest';
import { RandomStream } from '#engine/candles/random-stream.ts';
import { deflatedSharpe } from '#engine/statistics/deflated-sharpe.ts';
import { expectedMaximum } from '#engine/statistics/expected-maximum.ts';
import { minimumTrackRecord } from '#engine/statistics/minimum-track-record.ts';
import { deviationOf } from '#engine/statistics/moments.ts';
import { normalCdf, normalDensity } from '#engine/statistics/normal-distribution.ts';
import { probabilisticSharpe } from '#engine/statistics/probabilistic-sharpe.ts';
import { type SharpeSample, sharpeRatio, sharpeSampleOf } from '#engine/statistics/sharpe-ratio.ts';
import fc from '#tests/support/properties.ts';
import { NOT_NUMBERS, normalSeries, refusal } from './series-samples.ts';

const normal = { skewness: 0, kurtosis: 3 };
const yearly = Math.sqrt(250);

describe('the Sharpe ratio', () => {
  it('is the mean over the sample deviation, per observation', () => {
    expect(sharpeRatio([0.01, 0.03])).toBeCloseTo(0.02 / Math.sqrt(0.0002), 14);
  });

  it('is null of nothing, of one return and of returns that do not vary', () => {
    expect([[], [0.01], [0, 0, 0], [0.1, 0.1, 0.1]].map(sharpeRatio)).toEqual([null, null, null, null]);
    expect([[], [0.01], [0, 0, 0]].map(sharpeSampleOf)).toEqual([null, null, null]);
  });

  it.each(NOT_NUMBERS)('of a series with %d is refused', (value) => {
    expect(() => sharpeRatio([0.01, value])).toThrow(refusal('statistics/not-finite'));
    expect(() => sharpeSampleOf([0.01, value])).toThrow(refusal('statistics/not-finite'));
  });
});

describe('the probabilistic Sharpe ratio', () => {
  it('is 0.913 for the hedge fund of Bailey and López de Prado (2012)', () => {
    const fund = { sharpe: 1.585 / Math.sqrt(12), observations: 24, skewness: -2.448, kurtosis: 10.164 };
    expect(probabilisticSharpe(fund)).toBeCloseTo(0.91323430688486, 13);
  });

  it('rises with the ratio and with the record, falls with the benchmark', () => {
    const sharpe = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(sharpe, sharpe, fc.integer({ min: 2, max: 5000 }), (one, other, observations) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)];
        const of = (ratio: number, length: number, benchmark = 0) =>
          probabilisticSharpe({ sharpe: ratio, observations: length, ...normal }, benchmark)!;
        // Ratios that differ in their last bit give probabilities that do, either way round.
        const rises = (from: number, to: number) => expect(from).toBeLessThanOrEqual(to + 1e-14);
        rises(of(low, observations), of(high, observations));
        rises(of(high, observations), of(high, 2 * observations));
        rises(of(high, observations, high), of(high, observations, low));
        expect(of(high, observations, high)).toBe(0.5);
      }),
    );
  });

  it('is right as often as it says, on normal returns', () => {
    // Where the true ratio is the benchmark, it is uniform: one in ten lies above 0.9.
    const random = new RandomStream(5, 'records');
    let above = 0;
    for (let record = 0; record < 2000; record += 1) {
      const returns = Array.from({ length: 250 }, () => 0.1 + random.normal());
      if (probabilisticSharpe(sharpeSampleOf(returns)!, 0.1)! > 0.9) above += 1;
    }
    expect(Math.abs(above / 2000 - 0.1)).toBeLessThan(0.02);
  });

  it('is null below two observations and where the moments leave no error', () => {
    expect(probabilisticSharpe({ sharpe: 0.1, observations: 0, ...normal })).toBeNull();
    expect(probabilisticSharpe({ sharpe: 0.1, observations: 1, ...normal })).toBeNull();
    expect(probabilisticSharpe({ sharpe: 1, observations: 50, skewness: 2, kurtosis: 5 })).toBeNull();
  });

  it.each(NOT_NUMBERS)('refuses %d in any place', (value) => {
    const sample: SharpeSample = { sharpe: 0.1, observations: 100, ...normal };
    for (const field of ['sharpe', 'observations', 'skewness', 'kurtosis'] as const) {
      expect(() => probabilisticSharpe({ ...sample, [field]: value })).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^statistics\//) }),
      );
    }
    expect(() => probabilisticSharpe(sample, value)).toThrow(refusal('statistics/out-of-range'));
  });
});

describe('the expected maximum of trials', () => {
  /** E[max] = ∫ x·n·φ(x)·Φ(x)ⁿ⁻¹ dx by the trapezoid rule. */
  const exact = (trials: number) => {
    let total = 0;
    for (let x = -10; x <= 10; x += 0.001)
      total += 0.001 * x * trials * normalDensity(x) * Math.exp((trials - 1) * Math.log(normalCdf(x)));
    return total;
  };

  it('of a hundred is 2.53', () => expect(expectedMaximum(100)).toBeCloseTo(2.5306028932016846, 13));

  it.each([5, 10, 100, 1000, 100_000])('of %d is within three per cent of the exact integral', (trials) => {
    expect(Math.abs(expectedMaximum(trials) / exact(trials) - 1)).toBeLessThan(0.03);
  });

  it('of one is nothing, and more trials never expect less', () => {
    expect(expectedMaximum(1)).toBe(0);
    const trials = fc.double({ min: 1, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(trials, trials, (a, b) => {
        expect(expectedMaximum(Math.min(a, b))).toBeLessThanOrEqual(expectedMaximum(Math.max(a, b)) + 1e-12);
      }),
    );
  });

  it('refuses less than one trial', () => {
    for (const trials of [0, 0.5, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => expectedMaximum(trials)).toThrow(refusal('statistics/out-of-range'));
    }
  });
});

describe('the deflated Sharpe ratio', () => {
  const sample = { sharpe: 2.5 / yearly, observations: 1250, skewness: -3, kurtosis: 10 };

  it('is 0.90 for the example of Bailey and López de Prado (2014)', () => {
    const { benchmark, probability } = deflatedSharpe(sample, 100, 0.5 / 250);
    expect(benchmark).toBeCloseTo(0.113172, 6);
    expect(probability).toBeCloseTo(0.90039683444939, 13);
  });

  it('of a single trial is the probabilistic one', () => {
    expect(deflatedSharpe(sample, 1, 0.3)).toEqual({ benchmark: 0, probability: probabilisticSharpe(sample) });
  });

  it('falls with every trial', () => {
    const trials = fc.integer({ min: 1, max: 1e6 });
    fc.assert(
      fc.property(trials, (count) => {
        expect(deflatedSharpe(sample, count + 1, 0.002).probability!).toBeLessThanOrEqual(
          deflatedSharpe(sample, count, 0.002).probability!,
        );
      }),
    );
  });

  it('lets the best of fifty worthless strategies pass far less often than the undeflated one', () => {
    let [undeflated, deflated] = [0, 0];
    for (let night = 0; night < 60; night += 1) {
      const samples = Array.from({ length: 50 }, (_, trial) => sharpeSampleOf(normalSeries(250, night, `trial ${trial}`))!);
      const best = samples.reduce((most, one) => (one.sharpe > most.sharpe ? one : most));
      const spread = deviationOf(samples.map(({ sharpe }) => sharpe))!;
      if (probabilisticSharpe(best)! > 0.95) undeflated += 1;
      if (deflatedSharpe(best, 50, spread * spread).probability! > 0.95) deflated += 1;
    }
    expect(undeflated).toBeGreaterThan(45);
    expect(deflated).toBeLessThanOrEqual(3);
  });

  it('refuses a variance that is none', () => {
    for (const variance of [-1, ...NOT_NUMBERS])
      expect(() => deflatedSharpe(sample, 10, variance)).toThrow(refusal('statistics/out-of-range'));
  });
});

describe('the minimum track record', () => {
  it('of a daily Sharpe ratio of 2 against 1 is 2.73 years', () => {
    const days = minimumTrackRecord({ sharpe: 2 / yearly, observations: 0, ...normal }, 1 / yearly)!;
    expect(days / 250).toBeCloseTo(2.7311878017, 10);
  });

  it('is the length at which the probabilistic ratio reaches the confidence', () => {
    const sample = { sharpe: 0.09, observations: 1, skewness: -1, kurtosis: 8 };
    const length = minimumTrackRecord(sample, 0.02, 0.9)!;
    expect(probabilisticSharpe({ ...sample, observations: Math.ceil(length) }, 0.02)!).toBeGreaterThanOrEqual(0.9);
    expect(probabilisticSharpe({ ...sample, observations: Math.floor(length) }, 0.02)!).toBeLessThan(0.9);
  });

  it('does not exist for a ratio at or below the benchmark', () => {
    expect(minimumTrackRecord({ sharpe: 0.1, observations: 9, ...normal }, 0.1)).toBeNull();
    expect(minimumTrackRecord({ sharpe: -0.1, observations: 9, ...normal })).toBeNull();
  });

  it('refuses a confidence that is none', () => {
    for (const confidence of [0, 0.4, 1, Number.NaN]) {
      expect(() => minimumTrackRecord({ sharpe: 0.1, observations: 9, ...normal }, 0, confidence)).toThrow(
        refusal('statistics/out-of-range'),
      );
    }
  });
});
