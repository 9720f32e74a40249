import { describe, expect, it } from 'vitest';
import { RandomStream } from '#engine/candles/random-stream.ts';
import { realityCheck } from '#engine/statistics/reality-check.ts';
import { stationaryBootstrapVariance } from '#engine/statistics/stationary-bootstrap-variance.ts';
import { superiorPredictiveAbility } from '#engine/statistics/superior-predictive-ability.ts';
import { everyResample, moduloSeries, NOT_NUMBERS, normalSeries, refusal } from './series-samples.ts';

const random = (name = 'test') => new RandomStream(17, name);
const modulo = moduloSeries(60, 4).map((one, n) => one.map((value) => value / 10 + 0.05 * n));

/** Five days of three candidates, few enough to draw every resample there is. */
const few = [
  [0.9, -0.2, 0.4, 0.13, 0.3],
  [0.1, 0.35, -0.31, 0.2, -0.07],
  [-0.5, -1.2, -0.9, -0.33, -0.71],
];
const means = few.map((one) => one.reduce((total, value) => total + value, 0) / 5);
const shareOfResamples = (isAtLeast: (drawn: number[]) => boolean) =>
  everyResample(5, 2)
    .filter(({ indices }) => isAtLeast(few.map((one) => indices.reduce((total, index) => total + one[index]!, 0) / 5)))
    .reduce((total, { probability }) => total + probability, 0);

describe("White's Reality Check", () => {
  it('of the modulo differences has the statistic 1.226', () => {
    const found = realityCheck(modulo, { random: random(), blockLength: 5, resamples: 200 })!;
    expect(found.statistic).toBeCloseTo(1.2264447263, 10);
    expect(found.best).toBe(3);
  });

  it('has the p-value that every resample there is gives', () => {
    const highest = Math.max(...means);
    const exact = shareOfResamples((drawn) => Math.max(...drawn.map((mean, which) => mean - means[which]!)) >= highest);
    const { pValue } = realityCheck(few, { random: random(), blockLength: 2, resamples: 40_000 })!;
    expect(exact).toBeGreaterThan(0.01);
    expect(Math.abs(pValue - exact)).toBeLessThan(5 * Math.sqrt((exact * (1 - exact)) / 40_000));
  });

  it('rejects about as often as it says where nothing is to be found', () => {
    let rejected = 0;
    for (let night = 0; night < 200; night += 1) {
      const differences = Array.from({ length: 5 }, (_, trial) => normalSeries(60, night, `trial ${trial}`));
      if (realityCheck(differences, { random: random(`night ${night}`), blockLength: 1, resamples: 199 })!.pValue <= 0.1)
        rejected += 1;
    }
    expect(rejected / 200).toBeGreaterThan(0.03);
    expect(rejected / 200).toBeLessThan(0.18);
  });

  it('says nothing without candidates or with one day, and takes idle candidates as they are', () => {
    expect(realityCheck([], { random: random() })).toBeNull();
    expect(realityCheck([[]], { random: random() })).toBeNull();
    expect(realityCheck([[1]], { random: random() })).toBeNull();
    expect(realityCheck([new Array<number>(20).fill(0)], { random: random(), resamples: 50 })).toEqual({
      statistic: 0,
      best: 0,
      pValue: 1,
    });
  });
});

describe("Hansen's test for superior predictive ability", () => {
  it('has the p-values that every resample there is gives', () => {
    const errors = few.map((one) => Math.sqrt(stationaryBootstrapVariance(one, 2)! / 5));
    const scores = means.map((mean, which) => mean / errors[which]!);
    const observed = Math.max(0, ...scores);
    const hopeless = -Math.sqrt(2 * Math.log(Math.log(5)));
    expect(scores.filter((score) => score < hopeless)).toHaveLength(1);
    const exact = (centre: (which: number) => number) =>
      shareOfResamples(
        (drawn) => Math.max(0, ...drawn.map((mean, which) => (mean - centre(which)) / errors[which]!)) >= observed,
      );
    const found = superiorPredictiveAbility(few, { random: random(), blockLength: 2, resamples: 40_000 })!;
    expect(found.statistic).toBeCloseTo(observed, 12);
    for (const [pValue, expected] of [
      [found.lower, exact((which) => Math.max(0, means[which]!))],
      [found.consistent, exact((which) => (scores[which]! >= hopeless ? means[which]! : 0))],
      [found.upper, exact((which) => means[which]!)],
    ] as const) {
      expect(expected).toBeGreaterThan(0.001);
      expect(Math.abs(pValue - expected)).toBeLessThan(5 * Math.sqrt((expected * (1 - expected)) / 40_000));
    }
  });

  it('orders its three p-values', () => {
    for (let night = 0; night < 10; night += 1) {
      const differences = Array.from({ length: 6 }, (_, trial) => normalSeries(50, night, `trial ${trial}`, 0.1 * (trial - 4)));
      const { lower, consistent, upper } = superiorPredictiveAbility(differences, { random: random(), resamples: 200 })!;
      expect(lower).toBeLessThanOrEqual(consistent);
      expect(consistent).toBeLessThanOrEqual(upper);
    }
  });

  it('is not blinded by hopeless candidates, as the Reality Check is', () => {
    const good = normalSeries(200, 3, 'good', 0.25);
    const hopeless = Array.from({ length: 60 }, (_, trial) =>
      normalSeries(200, 3, `hopeless ${trial}`, -2).map((value) => 4 * value),
    );
    const options = () => ({ random: random(), blockLength: 1, resamples: 400 });
    expect(superiorPredictiveAbility([good, ...hopeless], options())!.consistent).toBeLessThan(0.02);
    expect(realityCheck([good, ...hopeless], options())!.pValue).toBeGreaterThan(0.3);
  });

  it('is not impressed when no candidate is above the benchmark', () => {
    const worse = Array.from({ length: 4 }, (_, trial) => normalSeries(80, 6, `worse ${trial}`, -0.5));
    expect(superiorPredictiveAbility(worse, { random: random(), resamples: 100 })).toMatchObject({
      statistic: 0,
      consistent: 1,
      lower: 1,
      upper: 1,
    });
  });

  it('lets candidates that do not vary take no part', () => {
    const idle = new Array<number>(60).fill(0);
    const options = () => ({ random: random(), blockLength: 3, resamples: 200 });
    const [without, beside] = [
      superiorPredictiveAbility(modulo, options())!,
      superiorPredictiveAbility([idle, ...modulo], options())!,
    ];
    expect(beside).toEqual({ ...without, best: without.best + 1 });
    expect(superiorPredictiveAbility([idle], options())).toBeNull();
  });

  it('says nothing without candidates or below three days', () => {
    expect(superiorPredictiveAbility([], { random: random() })).toBeNull();
    expect(superiorPredictiveAbility([[1, 2]], { random: random() })).toBeNull();
  });
});

describe.each([
  ['the Reality Check', realityCheck],
  ['the test for superior predictive ability', superiorPredictiveAbility],
] as const)('%s', (_, test) => {
  it('refuses holes, series of different length and options out of bounds', () => {
    for (const value of NOT_NUMBERS)
      expect(() => test([[1, 2, value]], { random: random() })).toThrow(refusal('statistics/not-finite'));
    expect(() => test([[1, 2, 3], [1]], { random: random() })).toThrow(refusal('statistics/lengths-differ'));
    expect(() => test(modulo, { random: random(), blockLength: 0.5 })).toThrow(refusal('statistics/out-of-range'));
    expect(() => test(modulo, { random: random(), resamples: 0 })).toThrow(refusal('statistics/out-of-range'));
  });

  it('gives the same from the same seed', () => {
    expect(test(modulo, { random: random(), resamples: 50 })).toEqual(test(modulo, { random: random(), resamples: 50 }));
  });
});
