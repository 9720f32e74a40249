import { describe, expect, it } from 'vitest';
import { RandomStream } from '#engine/candles/random-stream.ts';
import { bootstrapInterval } from '#engine/statistics/bootstrap-interval.ts';
import { meanOf } from '#engine/statistics/moments.ts';
import { pairedBootstrapInterval } from '#engine/statistics/paired-bootstrap-interval.ts';
import { maximumDrawdown, totalReturn } from '#engine/statistics/return-statistics.ts';
import { sharpeRatio } from '#engine/statistics/sharpe-ratio.ts';
import fc from '#tests/support/properties.ts';
import { everyResample, NOT_NUMBERS, normalSeries, refusal } from './series-samples.ts';

const random = (name = 'interval') => new RandomStream(3, name);
const days = (count: number, seed: number, mean = 0.0005) =>
  normalSeries(count, seed, 'days').map((value) => mean + 0.01 * value);

describe('statistics of returns', () => {
  it('compound, and fall from the highest point', () => {
    expect(totalReturn([0.5, -0.5, 0.2])).toBeCloseTo(-0.1, 14);
    expect(maximumDrawdown([0.5, -0.5, 0.2])).toBeCloseTo(0.5, 14);
    expect(maximumDrawdown([-0.1, -0.1])).toBeCloseTo(0.19, 14);
    expect(maximumDrawdown([0.1, 0.2])).toBe(0);
  });

  it('end with ruin: nothing brings back what is lost', () => {
    expect([totalReturn([-1, 5]), totalReturn([-1.5, 5]), maximumDrawdown([0.2, -1.5, 5])]).toEqual([-1, -1, 1]);
  });

  it('of nothing are 0, and refuse holes', () => {
    expect([totalReturn([]), maximumDrawdown([])]).toEqual([0, 0]);
    for (const value of NOT_NUMBERS) {
      expect(() => totalReturn([value])).toThrow(refusal('statistics/not-finite'));
      expect(() => maximumDrawdown([value])).toThrow(refusal('statistics/not-finite'));
    }
  });
});

describe('a bootstrap interval', () => {
  it('ends where the exact distribution of resamples ends', () => {
    const series = [1, -2, 4, 0.5, 3];
    const exact = everyResample(5, 2)
      .map(({ indices, probability }) => ({ mean: indices.reduce((total, index) => total + series[index]!, 0) / 5, probability }))
      .sort((left, right) => left.mean - right.mean);
    const found = bootstrapInterval(series, meanOf, { random: random(), resamples: 40_000, confidence: 0.8, blockLength: 2 })!;
    const below = (mean: number) => exact.filter((one) => one.mean < mean).reduce((total, one) => total + one.probability, 0);
    const atMost = (mean: number) =>
      exact.filter((one) => one.mean <= mean + 1e-9).reduce((total, one) => total + one.probability, 0);
    expect(below(found.low - 1e-9)).toBeLessThan(0.105);
    expect(atMost(found.low)).toBeGreaterThan(0.095);
    expect(below(found.high - 1e-9)).toBeLessThan(0.905);
    expect(atMost(found.high)).toBeGreaterThan(0.895);
  });

  it('holds the measured Sharpe ratio, return and drawdown of an ordinary year', () => {
    const returns = days(365, 2);
    for (const statistic of [sharpeRatio, totalReturn, maximumDrawdown]) {
      const { low, point, high } = bootstrapInterval(returns, statistic, { random: random(), resamples: 500 })!;
      expect(point).toBe(statistic(returns));
      expect(low).toBeLessThan(point);
      expect(point).toBeLessThan(high);
    }
  });

  it('holds the mean of any symmetric sample', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 10, maxLength: 30 }), (half) => {
        const { low, high } = bootstrapInterval([...half, ...half.map((value) => -value)], meanOf, {
          random: random(),
          resamples: 400,
          blockLength: 1,
        })!;
        expect(low).toBeLessThanOrEqual(0);
        expect(high).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 30 },
    );
  });

  it('covers the true mean about as often as it says', () => {
    let covered = 0;
    for (let sample = 0; sample < 300; sample += 1) {
      const { low, high } = bootstrapInterval(normalSeries(80, sample), meanOf, {
        random: random(`sample ${sample}`),
        resamples: 300,
        confidence: 0.9,
      })!;
      if (low <= 0 && high >= 0) covered += 1;
    }
    expect(covered / 300).toBeGreaterThan(0.82);
    expect(covered / 300).toBeLessThan(0.95);
  });

  it('is wider for more confidence, and the same from the same seed', () => {
    const returns = days(200, 5);
    const at = (confidence: number) => bootstrapInterval(returns, sharpeRatio, { random: random(), resamples: 500, confidence })!;
    expect(at(0.99).low).toBeLessThan(at(0.8).low);
    expect(at(0.99).high).toBeGreaterThan(at(0.8).high);
    expect(at(0.9)).toEqual(at(0.9));
  });

  it('has no width where the statistic does not vary', () => {
    const { low, high, point } = bootstrapInterval(new Array<number>(50).fill(0.01), totalReturn, {
      random: random(),
      resamples: 50,
    })!;
    expect([low, high]).toEqual([point, point]);
  });

  it('is null without observations, with one, and where there is no ratio', () => {
    const options = { random: random(), resamples: 50 };
    expect(bootstrapInterval([], totalReturn, options)).toBeNull();
    expect(bootstrapInterval([0.1], totalReturn, options)).toBeNull();
    expect(bootstrapInterval([0, 0, 0], sharpeRatio, options)).toBeNull();
  });

  it('is null where most resamples have no such statistic, and counts those that have one', () => {
    const once = [1, ...new Array<number>(200).fill(0)];
    const untilDrawn = (sample: Float64Array) => (sample.filter((value) => value === 1).length < 2 ? null : 1);
    expect(
      bootstrapInterval([...once, 1], untilDrawn, { random: random(), resamples: 200, blockLength: 1 })!.resamples,
    ).toBeLessThan(200);
    const never = (sample: Float64Array) => (sample[0] === 1 && sample[1] === 0 && sample[200] === 0 ? 1 : null);
    expect(bootstrapInterval(once, never, { random: random(), resamples: 200, blockLength: 1 })).toBeNull();
  });

  it('refuses holes and options out of bounds', () => {
    for (const value of NOT_NUMBERS) {
      expect(() => bootstrapInterval([0, value], totalReturn, { random: random() })).toThrow(refusal('statistics/not-finite'));
    }
    for (const wrong of [{ resamples: 0 }, { resamples: 1.5 }, { confidence: 0 }, { confidence: 1 }, { blockLength: 0 }]) {
      expect(() => bootstrapInterval([1, 2], totalReturn, { random: random(), ...wrong })).toThrow(
        refusal('statistics/out-of-range'),
      );
    }
  });
});

describe('the interval of a difference', () => {
  it('has no width between a series and itself, whatever its own spread', () => {
    const returns = days(200, 1);
    const found = pairedBootstrapInterval(returns, returns, sharpeRatio, { random: random(), resamples: 200 })!;
    expect(found).toMatchObject({ point: 0, low: 0, high: 0, shareAbove: 0.5 });
  });

  it('is far narrower in pairs than apart, because both saw the same days', () => {
    const market = days(365, 6);
    const tilted = market.map((value, day) => value + 0.0004 + 0.0005 * Math.sin(day));
    const pair = pairedBootstrapInterval(tilted, market, totalReturn, { random: random(), resamples: 400 })!;
    const alone = bootstrapInterval(tilted, totalReturn, { random: random(), resamples: 400 })!;
    expect(pair.high - pair.low).toBeLessThan((alone.high - alone.low) / 3);
    expect(pair.low).toBeGreaterThan(0);
    expect(pair.shareAbove).toBe(1);
  });

  it('turns around when the series change places', () => {
    const [one, other] = [days(150, 7), days(150, 8)];
    const options = () => ({ random: random(), resamples: 300, blockLength: 3 });
    const [forth, back] = [
      pairedBootstrapInterval(one, other, meanOf, options())!,
      pairedBootstrapInterval(other, one, meanOf, options())!,
    ];
    expect(back.point).toBeCloseTo(-forth.point, 14);
    expect(back.low).toBeCloseTo(-forth.high, 12);
    expect(back.shareAbove).toBeCloseTo(1 - forth.shareAbove, 12);
  });

  it('is null below two observations and where either has no such statistic', () => {
    const options = { random: random(), resamples: 50 };
    expect(pairedBootstrapInterval([], [], sharpeRatio, options)).toBeNull();
    expect(pairedBootstrapInterval([0.1], [0.1], totalReturn, options)).toBeNull();
    expect(pairedBootstrapInterval(days(9, 1), new Array<number>(9).fill(0), sharpeRatio, options)).toBeNull();
  });

  it('refuses series of different length, and holes', () => {
    expect(() => pairedBootstrapInterval([1, 2], [1], totalReturn, { random: random() })).toThrow(
      refusal('statistics/lengths-differ'),
    );
    expect(() => pairedBootstrapInterval([1, 2], [1, Number.NaN], totalReturn, { random: random() })).toThrow(
      refusal('statistics/not-finite'),
    );
  });
});
