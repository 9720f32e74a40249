import { describe, expect, it } from 'vitest';
import { fitness, foldReturns, quantile } from '#bot/proposers/evolution/fitness.ts';
import { resultOf } from './landscape.ts';

describe('fitness', () => {
  it('prefers steady growth to the same growth earned in one stretch', () => {
    const steady = resultOf({ dailyGrowth: () => 0.0005 });
    const lucky = resultOf({ dailyGrowth: (day) => (day < 61 ? 0.003 : 0) });
    expect(lucky.metrics.netReturn).toBeCloseTo(steady.metrics.netReturn, 2);
    expect(fitness(steady, 0)).toBeGreaterThan(fitness(lucky, 0));
  });

  it('asks a price for drawdown and for every change', () => {
    const calm = resultOf({ dailyGrowth: () => 0.0005 });
    const wild = { ...calm, metrics: { ...calm.metrics, maxDrawdown: 0.3 } };
    expect(fitness(calm, 0)).toBeGreaterThan(fitness(wild, 0));
    expect(fitness(calm, 1)).toBeGreaterThan(fitness(calm, 2));
  });

  it('takes no account of what traded too little to judge', () => {
    expect(fitness(resultOf({ dailyGrowth: () => 0.01, trades: 29 }), 0)).toBe(Number.NEGATIVE_INFINITY);
    expect(fitness(resultOf({ dailyGrowth: () => 0.01, trades: 30 }), 0)).toBeGreaterThan(0);
  });

  it('believes a gain the more, the more trades made it, and a loss always', () => {
    const fewer = resultOf({ dailyGrowth: () => 0.0005, trades: 40 });
    const more = resultOf({ dailyGrowth: () => 0.0005, trades: 200 });
    expect(fitness(more, 0)).toBeGreaterThan(fitness(fewer, 0));
    const lostFew = resultOf({ dailyGrowth: () => -0.0005, trades: 40 });
    const lostMany = resultOf({ dailyGrowth: () => -0.0005, trades: 200 });
    expect(fitness(lostMany, 0)).toBe(fitness(lostFew, 0));
  });

  it('survives curves that are short or end in ruin', () => {
    expect(foldReturns({ time: [0], value: [100] })).toEqual([0]);
    expect(foldReturns({ time: [0, 1, 2], value: [100, 110, 121] }).map((fold) => fold.toFixed(4))).toEqual(['0.0953', '0.0953']);
    expect(foldReturns({ time: [0, 1, 2], value: [100, 0, 0] })).toEqual([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  });

  it('interpolates quantiles between order statistics', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([4, 1, 3, 2], 0.25)).toBe(1.75);
    expect(quantile([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, 1, 2], 0.25)).toBe(Number.NEGATIVE_INFINITY);
    expect(quantile([Number.NEGATIVE_INFINITY, 1], 0.5)).toBe(Number.NEGATIVE_INFINITY);
  });
});
