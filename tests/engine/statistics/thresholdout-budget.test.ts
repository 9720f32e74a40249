import { describe, expect, it } from 'vitest';
import { RandomStream } from '#engine/candles/random-stream.ts';
import { laplaceNoise } from '#engine/statistics/laplace-noise.ts';
import { askThresholdout, openThresholdout, type ThresholdoutBudget } from '#engine/statistics/thresholdout-budget.ts';
import { NOT_NUMBERS, normalSeries, refusal } from './series-samples.ts';

const random = (name: string | number) => new RandomStream(31, `holdout/${name}`);
const exact = (budget: number) => openThresholdout({ threshold: 1, noiseScale: 0, budget }, random('open'));

function askAll(budget: ThresholdoutBudget, values: readonly number[]) {
  const answers: string[] = [];
  let kept = budget;
  for (const value of values) {
    const { answer, budget: next } = askThresholdout(kept, value, random(answers.length));
    answers.push(answer);
    kept = next;
  }
  return { answers, budget: kept };
}

describe('Laplace noise', () => {
  it('has the mean size asked for, and lies on either side as often', () => {
    const stream = random('noise');
    const draws = Array.from({ length: 40_000 }, () => laplaceNoise(stream, 3));
    expect(Math.abs(draws.reduce((total, draw) => total + Math.abs(draw), 0) / 40_000 - 3)).toBeLessThan(0.06);
    expect(Math.abs(draws.filter((draw) => draw > 0).length / 40_000 - 0.5)).toBeLessThan(0.01);
    // Half of all lie within scale·ln 2.
    expect(Math.abs(draws.filter((draw) => Math.abs(draw) < 3 * Math.LN2).length / 40_000 - 0.5)).toBeLessThan(0.01);
  });
});

describe('a thresholdout budget', () => {
  it('without noise answers whether a value lies above the threshold', () => {
    expect(askAll(exact(9), [0.9, 1, 1.1, -5, 2]).answers).toEqual(['below', 'below', 'above', 'below', 'above']);
  });

  it('is spent by "above" only, and then tells nothing', () => {
    const { answers, budget } = askAll(exact(2), [0, 2, 0, 0, 2, 2, 0]);
    expect(answers).toEqual(['below', 'above', 'below', 'below', 'above', 'exhausted', 'exhausted']);
    expect(budget).toMatchObject({ left: 0, asked: 5 });
    expect(askAll(exact(0), [5]).answers).toEqual(['exhausted']);
  });

  it('draws the noise of its threshold anew after each "above", and only then', () => {
    const opened = openThresholdout({ threshold: 1, noiseScale: 0.1, budget: 5 }, random('open'));
    expect(opened.noisyThreshold).not.toBe(1);
    const below = askThresholdout(opened, -100, random(0)).budget;
    expect(below.noisyThreshold).toBe(opened.noisyThreshold);
    expect(askThresholdout(below, 100, random(1)).budget.noisyThreshold).not.toBe(opened.noisyThreshold);
  });

  it('errs near the threshold and not far from it', () => {
    const opened = openThresholdout({ threshold: 0, noiseScale: 0.01, budget: 1e6 }, random('open'));
    const shareAbove = (value: number) =>
      askAll(opened, new Array<number>(500).fill(value)).answers.filter((answer) => answer === 'above').length / 500;
    expect(shareAbove(0)).toBeGreaterThan(0.3);
    expect(shareAbove(0)).toBeLessThan(0.7);
    expect(shareAbove(1)).toBe(1);
    expect(shareAbove(-1)).toBe(0);
  });

  it('keeps an asker who combines answers from learning the noise of the held-out data', () => {
    // Dwork et al.'s own demonstration: worthless signals are kept or dropped by the answer, then added up.
    const signals = Array.from({ length: 400 }, (_, signal) => normalSeries(100, 5, `signal ${signal}`));
    const scores = signals.map((one) => one.reduce((total, value) => total + value, 0) / 100);
    const learned = (noiseScale: number, budget: number) => {
      const { answers } = askAll(openThresholdout({ threshold: 0.05, noiseScale, budget }, random('open')), scores);
      const kept = scores.filter((_, signal) => answers[signal] === 'above');
      return kept.reduce((total, score) => total + score, 0) / Math.sqrt(Math.max(1, kept.length)) / 0.1;
    };
    expect(learned(0, 400)).toBeGreaterThan(10);
    expect(learned(0.1, 10)).toBeLessThan(4);
  });

  it('is plain data: kept as JSON it goes on as if never put away, and what was handed in stays as it was', () => {
    const opened = openThresholdout({ threshold: 1, noiseScale: 0.5, budget: 3 }, random('open'));
    const before = structuredClone(opened);
    const values = [0.5, 1.2, 3, 0.8, 2, 1.1];
    expect(askAll(JSON.parse(JSON.stringify(opened)), values)).toEqual(askAll(opened, values));
    expect(opened).toEqual(before);
  });

  it('refuses values and bounds that are none, and spends nothing on them', () => {
    const opened = exact(2);
    for (const value of NOT_NUMBERS) {
      expect(() => askThresholdout(opened, value, random(0))).toThrow(refusal('statistics/not-finite'));
      expect(() => openThresholdout({ threshold: value, noiseScale: 1, budget: 1 }, random(0))).toThrow(
        refusal('statistics/not-finite'),
      );
      expect(() => openThresholdout({ threshold: 1, noiseScale: value, budget: 1 }, random(0))).toThrow(
        refusal('statistics/out-of-range'),
      );
      expect(() => openThresholdout({ threshold: 1, noiseScale: 1, budget: value }, random(0))).toThrow(
        refusal('statistics/out-of-range'),
      );
    }
    expect(opened.left).toBe(2);
  });
});
