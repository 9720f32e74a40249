import { describe, expect, it } from 'vitest';
import { elitesOf, noveltyOf } from '#bot/proposers/evolution/archive.ts';
import type { Design } from '#bot/proposers/evolution/design.ts';
import { planFrom } from '#bot/proposers/evolution/grammar/from-blocks.ts';
import type { Comparison } from '#bot/proposers/evolution/grammar/plan.ts';
import { returnCorrelation } from '#bot/proposers/evolution/return-correlation.ts';
import type { Trial } from '#bot/proposers/evolution/trial-book.ts';
import { blueprintWith } from './every-blueprint.ts';
import { resultOf } from './landscape.ts';

const plan = planFrom(blueprintWith());
const breakout: Comparison = {
  left: { price: 'close' },
  is: 'above',
  right: { extreme: 'highest', bars: 'channelBars', on: '1h' },
};

function trial(
  fitness: number,
  { blueprint = plan as Design, turnover = 10, holdHours = 5, dailyGrowth = (day: number) => Math.sin(day) / 100 } = {},
): Trial {
  const result = resultOf({ dailyGrowth });
  const metrics = { ...result.metrics, turnover, averageHoldBars: holdHours };
  return { configuration: { blueprint, values: {} }, files: new Map(), changes: [], result: { ...result, metrics }, fitness };
}

describe('the archive of the best of every kind', () => {
  it('keeps one of each style, turnover and horizon, the fittest, and stands fittest first', () => {
    const best = trial(0.03);
    const breaking = trial(0.01, { blueprint: { ...plan, entry: breakout } });
    const busy = trial(0.02, { turnover: 500 });
    const patient = trial(-0.01, { holdHours: 200 });
    const others = [trial(0.02), trial(0.005, { blueprint: { ...plan, entry: breakout } }), trial(0.01, { turnover: 400 })];
    expect(elitesOf([...others, patient, breaking, busy, best])).toEqual([best, busy, breaking, patient]);
  });

  it('takes blocks for the tree they stand for', () => {
    const blocks = trial(0.01, { blueprint: blueprintWith() });
    expect(elitesOf([blocks, trial(0.02)])).toHaveLength(1);
  });

  it('has no place for what could not be judged', () => {
    expect(elitesOf([trial(Number.NEGATIVE_INFINITY)])).toEqual([]);
  });
});

describe('novelty', () => {
  const sine = trial(0);
  const alike = trial(0, { dailyGrowth: (day) => Math.sin(day) / 50 });
  const inverse = trial(0, { dailyGrowth: (day) => -Math.sin(day) / 100 });
  const apart = trial(0, { dailyGrowth: (day) => Math.sin(7 * day + 1) / 100 });

  it('is nothing for the same tree with the same returns, whatever their size', () => {
    expect(noveltyOf(sine, [sine, alike])).toBeCloseTo(0, 3);
  });

  it('grows with other returns, and with another tree', () => {
    const otherTree = trial(0, { blueprint: { ...plan, entry: breakout, exit: null } });
    expect(noveltyOf(apart, [sine])).toBeGreaterThan(0.4);
    expect(noveltyOf(otherTree, [sine])).toBeGreaterThan(0.2);
    expect(
      noveltyOf(
        trial(0, {
          ...{ blueprint: otherTree.configuration.blueprint!, dailyGrowth: (day: number) => Math.sin(7 * day + 1) / 100 },
        }),
        [sine],
      ),
    ).toBeGreaterThan(noveltyOf(apart, [sine]));
  });

  it('hears of returns by their correlation, 1 to -1, and 0 where there is none', () => {
    expect(returnCorrelation(sine.result, sine.result)).toBeCloseTo(1, 12);
    expect(returnCorrelation(sine.result, inverse.result)).toBeLessThan(-0.99);
    expect(Math.abs(returnCorrelation(sine.result, apart.result))).toBeLessThan(0.2);
    const flat = { ...sine.result, equity: { time: sine.result.equity.time, value: sine.result.equity.value.map(() => 10_000) } };
    expect(returnCorrelation(sine.result, flat)).toBe(0);
  });
});
