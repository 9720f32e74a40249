import { describe, expect, it } from 'vitest';
import { RandomStream } from '#engine/candles/random-stream.ts';
import {
  allowanceOf,
  type FallingErrorBudget,
  fallingErrorBudget,
  refillWithDays,
  spendOpening,
} from '#engine/statistics/falling-error-budget.ts';
import fc from '#tests/support/properties.ts';
import { refusal } from './series-samples.ts';

const opened = (budget: FallingErrorBudget, times: number) => {
  const levels: number[] = [];
  let kept = budget;
  for (let opening = 0; opening < times; opening += 1) {
    const { level, budget: next } = spendOpening(kept);
    levels.push(level);
    kept = next;
  }
  return { levels, budget: kept };
};

describe('a falling error budget', () => {
  it('lets the k-th opening use 6α/(π²k²)', () => {
    const { levels } = opened(fallingErrorBudget(0.05, 30), 3);
    expect(levels[0]).toBeCloseTo(0.030396355092701, 14);
    expect(levels[1]).toBeCloseTo(levels[0]! / 4, 14);
    expect(levels[2]).toBeCloseTo(levels[0]! / 9, 14);
  });

  it('never spends more than α, and comes near it', () => {
    const { levels, budget } = opened(fallingErrorBudget(0.05, 30), 5000);
    const total = levels.reduce((sum, level) => sum + level, 0);
    expect(total).toBeLessThan(0.05);
    expect(total).toBeGreaterThan(0.0499);
    expect(allowanceOf(budget).spent).toBeCloseTo(total, 12);
    expect(allowanceOf(budget).left).toBeGreaterThan(0);
  });

  it('says what the next opening may use and what is left, without spending it', () => {
    const { budget } = opened(fallingErrorBudget(0.1, 30), 2);
    const { next, spent, left, daysToRefill } = allowanceOf(budget);
    expect(next).toBe(spendOpening(budget).level);
    expect(spent + left).toBeCloseTo(0.1, 14);
    expect(daysToRefill).toBe(30);
    expect(allowanceOf(fallingErrorBudget(0.1, 30))).toEqual({
      next: expect.closeTo(0.0607927101854, 12),
      spent: 0,
      left: 0.1,
      daysToRefill: null,
    });
  });

  it('gets one opening back for so many new days, however they arrive', () => {
    const { budget } = opened(fallingErrorBudget(0.05, 30), 3);
    expect(refillWithDays(budget, 29)).toMatchObject({ standing: 3, days: 29 });
    expect(refillWithDays(refillWithDays(budget, 29), 1)).toMatchObject({ standing: 2, days: 0 });
    expect(refillWithDays(budget, 75)).toEqual({ ...budget, standing: 1, days: 15 });
    expect(allowanceOf(refillWithDays(budget, 75)).daysToRefill).toBe(15);
    expect(spendOpening(refillWithDays(budget, 30)).level).toBe(opened(fallingErrorBudget(0.05, 30), 3).levels[2]);
  });

  it('saves up no days while there is nothing to give back', () => {
    const fresh = fallingErrorBudget(0.05, 30);
    expect(refillWithDays(fresh, 1000)).toEqual(fresh);
    const { budget } = opened(fresh, 1);
    expect(refillWithDays(budget, 1000)).toEqual({ ...fresh, opened: 1 });
  });

  it('keeps the openings that stand below α whatever is opened and refilled, and counts them all', () => {
    const steps = fc.array(fc.oneof(fc.constant('open' as const), fc.integer({ min: 0, max: 100 })), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (taken) => {
        let budget = fallingErrorBudget(0.05, 30);
        for (const step of taken) budget = step === 'open' ? spendOpening(budget).budget : refillWithDays(budget, step);
        expect(allowanceOf(budget).spent).toBeLessThan(0.05);
        expect(budget.opened).toBe(taken.filter((step) => step === 'open').length);
        expect(budget.standing).toBeLessThanOrEqual(budget.opened);
      }),
    );
  });

  it('lets worthless candidates through no more often than it promises', () => {
    const random = new RandomStream(37, 'vaults');
    let passed = 0;
    for (let vault = 0; vault < 4000; vault += 1) {
      const { levels } = opened(fallingErrorBudget(0.05, 30), 20);
      if (levels.some((level) => random.uniform() <= level)) passed += 1;
    }
    expect(passed / 4000).toBeLessThan(0.06);
    expect(passed / 4000).toBeGreaterThan(0.03);
  });

  it('refuses an α or days that are none', () => {
    for (const alpha of [0, 1, -0.1, Number.NaN])
      expect(() => fallingErrorBudget(alpha, 30)).toThrow(refusal('statistics/out-of-range'));
    for (const days of [0, 1.5, Number.NaN])
      expect(() => fallingErrorBudget(0.05, days)).toThrow(refusal('statistics/out-of-range'));
    for (const days of [-1, 0.5, Number.NaN])
      expect(() => refillWithDays(fallingErrorBudget(0.05, 30), days)).toThrow(refusal('statistics/out-of-range'));
  });
});
