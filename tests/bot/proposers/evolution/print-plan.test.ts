import { describe, expect, it } from 'vitest';
import type { Plan } from '#bot/proposers/evolution/grammar/plan.ts';
import { printPlan } from '#bot/proposers/evolution/print-plan/print-plan.ts';
import { grownPlans } from './grammar/grown-plans.ts';

/** A tree of the usual size, with a choice in its entry, a market it leaves with, and bars of two lengths. */
const DIP_BUYER: Plan = {
  schema: 'ratchet/blueprint/2',
  symbols: ['BTC/USDT', 'ETH/USDT'],
  timeframe: '1h',
  regime: {
    when: { left: { price: 'close' }, is: 'above', right: { average: 'sma', bars: 'trendBars', on: '4h' } },
    leaves: true,
  },
  entry: {
    all: [
      {
        any: [
          { left: { oscillator: 'rsi', bars: 'rsiBars', on: '1h' }, is: 'below', right: { number: 'rsiMin' } },
          { left: { price: 'close' }, is: 'below', right: { below: 'dip', average: 'ema', bars: 'meanBars', on: '1h' } },
        ],
      },
      { left: { volume: 'bar', on: '1h' }, is: 'atLeast', right: { volume: 'usual', times: 'volumeRatio', on: '1h' } },
    ],
  },
  exit: { left: { oscillator: 'rsi', bars: 'rsiBars', on: '1h' }, is: 'above', right: { number: 'rsiMax' } },
  protection: { stop: 'fixed', target: false, horizon: true },
  sizing: 'equal',
};

/** What a person would have written for it, and would merge. */
const MODULE = `import { defineStrategy, ema, rsi, sma } from 'ratchet/contract';

/** Share of the strategy's equity put into one symbol: the same for each, and a tenth kept back for costs. */
const weight = 0.45;

/**
 * Buys when either the market is oversold or the price has fallen far below its average, and volume is not thin, and only
 * while the price stands above the 4h long average. Leaves at a fixed stop, after its time, when relative strength is high
 * or when that market ends.
 *
 * Hypothesis: A market that everybody has sold has nobody left to sell it. A fall far below the average is exaggerated, and
 * is made up for. Moves that few take part in do not last. Rallies below a long average fail more often than those above it.
 * A wrong entry is cut at the stop, and a right one is given room. What has not come after its time does not come.
 *
 * What would disprove it: trades that win less than they pay in fees, spread and slippage, or positions that mostly leave at
 * the stop.
 */
export default defineStrategy({
  symbols: ['BTC/USDT', 'ETH/USDT'],
  timeframe: '1h',

  parameters: {
    trendBars: { default: 100, min: 50, max: 200, step: 10, description: 'bars of the long average' },
    rsiBars: { default: 14, min: 5, max: 30, step: 1, description: 'bars of the relative strength index' },
    rsiMin: { default: 30, min: 10, max: 60, step: 1, description: 'relative strength that counts as low' },
    meanBars: { default: 40, min: 10, max: 120, step: 5, description: 'bars of the average that dips are measured from' },
    dip: { default: 0.03, min: 0.005, max: 0.15, step: 0.005, description: 'how far below the average a dip is, a ratio' },
    volumeRatio: { default: 1, min: 0, max: 3, step: 0.1, description: 'volume that counts as usual, in means of 20 bars' },
    rsiMax: { default: 70, min: 50, max: 90, step: 1, description: 'relative strength that counts as high' },
    stopLoss: { default: 0.02, min: 0.005, max: 0.15, step: 0.005, description: 'stop below the entry, as a ratio' },
    horizonBars: { default: 72, min: 12, max: 480, step: 12, description: 'bars after which a position is closed' },
  },

  // An exponential average has forgotten where it began after about ten times its length.
  // Counted in 1h bars, of which a 4h bar is 4.
  warmupBars: ({ trendBars, rsiBars, meanBars }) => Math.max(4 * (trendBars + 2), 10 * rsiBars, 10 * meanBars),

  indicators: ({ trendBars, rsiBars, meanBars }) => ({
    trend: sma(trendBars, { timeframe: '4h' }),
    strength: rsi(rsiBars),
    mean: ema(meanBars),
    meanVolume: sma(20, { of: 'volume' }),
  }),

  onBar(context) {
    const { bar, indicators, parameters, position } = context;
    const { trend, strength, mean, meanVolume } = indicators;

    const inMarket = bar.close > trend.value;

    if (position.isOpen) {
      if (!inMarket) return context.exit('the market for it has ended');
      if (strength.value > parameters.rsiMax) return context.exit('relative strength is high');
      return context.hold('in position');
    }
    if (!inMarket) return context.hold('not the market for it');
    const oversoldOrDipped = strength.value < parameters.rsiMin || bar.close < (1 - parameters.dip) * mean.value;
    if (!oversoldOrDipped) return context.hold('not oversold and no dip');
    if (bar.volume < parameters.volumeRatio * meanVolume.value) return context.hold('thin volume');

    return context.target(weight, 'either the market is oversold or the price has fallen far below its average', {
      stopLoss: parameters.stopLoss,
      horizonBars: parameters.horizonBars,
    });
  },
});
`;

describe('a module printed from a tree', () => {
  it('is the text that a reviewer has read and found worth merging', () => {
    expect(printPlan(DIP_BUYER)).toBe(MODULE);
  });

  it('does not say that every symbol gets the same where less goes in while bars are wide', () => {
    const steady = printPlan({ ...DIP_BUYER, sizing: 'steady' });
    expect(steady).toContain(
      "/** The most of the strategy's equity that is put into one symbol; a tenth is kept back for costs. */",
    );
    expect(steady).toContain('return context.target(size, ');
  });

  it('gives a reason with every order that ends with a whole word, whatever the condition', () => {
    for (const { plan } of grownPlans(150, 5)) {
      const [, reason] = /context\.target\(\w+, '([^']+)', \{/.exec(printPlan(plan))!;
      expect(reason).toMatch(
        /(average|one|risen|much|high|channel|level|oversold|overbought|thin|wide|narrow|direction|for it|means)$/,
      );
      expect(reason!.length).toBeLessThanOrEqual(100);
    }
  });
});
