import { describe, expect, it } from 'vitest';
import type { LoopResult } from '#engine/backtest/loop.ts';
import { dailyReturns, metricsOf } from '#engine/backtest/metrics.ts';
import type { Trade } from '#engine/simulation/types.ts';

const DAY_MS = 86_400_000;

const empty: LoopResult = {
  firstTime: 0,
  bars: 0,
  instants: 0,
  investedInstants: 0,
  maxDrawdown: 0,
  maxDrawdownBars: 0,
  equitySum: 0,
  turnover: 0,
  fees: 0,
  trades: [],
  equity: { time: [], value: [] },
  decisions: [],
};

function trade(netResult: number, fees: number, netReturn: number, barsHeld: number): Trade {
  return {
    symbol: 'A',
    entryTime: 0,
    exitTime: 0,
    entryPrice: 1,
    exitPrice: 1,
    quantity: 1,
    fees,
    netResult,
    netReturn,
    barsHeld,
    maxAdverseExcursion: 0,
    maxFavourableExcursion: 0,
    entryReason: 'x',
    exitReason: 'y',
    exitCause: 'decision',
    version: '',
  };
}

function days(values: readonly number[], part: Partial<LoopResult> = {}): LoopResult {
  const time = values.map((_value, index) => (index + 1) * DAY_MS);
  return {
    ...empty,
    equitySum: values.reduce((sum, value) => sum + value, 0),
    bars: values.length,
    instants: values.length,
    equity: { time, value: values },
    trades: [trade(1, 1, 0.01, 3)],
    ...part,
  };
}

describe('metrics', () => {
  it('without a trade are null where they would mean nothing, never zero or infinite', () => {
    const { cagr, volatility, sharpe, sortino, calmar, profitFactor, expectancy, winRate, feeShare, averageHoldBars } = metricsOf(
      empty,
      100,
    );
    expect([cagr, volatility, sharpe, sortino, calmar, profitFactor, expectancy, winRate, feeShare, averageHoldBars]).toEqual(
      new Array(10).fill(null),
    );
    for (const value of Object.values(metricsOf(days([100, 100, 100], { trades: [] }), 100))) {
      if (value !== null) expect(Number.isFinite(value)).toBe(true);
    }
  });

  it('take daily returns from the capital on', () => {
    expect(dailyReturns(100, [110, 99])).toEqual([expect.closeTo(0.1, 12), expect.closeTo(-0.1, 12)]);
  });

  it('volatility, Sharpe and Sortino are annualised by 365 days', () => {
    const metrics = metricsOf(days([101, 99.99, 102.9897]), 100);
    // returns 1 %, -1 %, 3 %: mean 1 %, sample deviation 2 %, downside deviation 1 %/√3
    expect(metrics.volatility).toBeCloseTo(0.02 * Math.sqrt(365), 9);
    expect(metrics.sharpe).toBeCloseTo(0.5 * Math.sqrt(365), 9);
    expect(metrics.sortino).toBeCloseTo(Math.sqrt(3) * Math.sqrt(365), 9);
  });

  it('growth is put to a year only when a month has passed', () => {
    expect(metricsOf(days(new Array(29).fill(110)), 100).cagr).toBeNull();
    expect(metricsOf(days(new Array(73).fill(110)), 100).cagr).toBeCloseTo(1.1 ** 5 - 1, 9);
    expect(metricsOf(days(new Array(73).fill(110), { maxDrawdown: 0.1 }), 100).calmar).toBeCloseTo((1.1 ** 5 - 1) / 0.1, 9);
    expect(metricsOf(days(new Array(73).fill(110)), 100).calmar).toBeNull();
  });

  it('count trades by what they brought after fees', () => {
    const trades = [trade(30, 2, 0.3, 2), trade(-10, 2, -0.1, 4), trade(-1, 2, -0.01, 6)];
    const metrics = metricsOf(
      days([100, 110, 119], { trades, fees: 6, turnover: 330, equitySum: 330, investedInstants: 2 }),
      100,
    );
    expect(metrics.winRate).toBeCloseTo(1 / 3, 12);
    expect(metrics.profitFactor).toBeCloseTo(30 / 11, 12);
    expect(metrics.expectancy).toBeCloseTo(0.19 / 3, 12);
    expect(metrics.averageHoldBars).toBe(4);
    // before fees the first gained 32 and the last 1
    expect(metrics.feeShare).toBeCloseTo(6 / 33, 12);
    expect(metrics.turnover).toBe(3);
    expect(metrics.exposure).toBeCloseTo(2 / 3, 12);
  });

  it('have no profit factor when nothing lost, and no ratios when nothing varies', () => {
    const metrics = metricsOf(days([100, 100]), 100);
    expect([metrics.profitFactor, metrics.sharpe, metrics.sortino, metrics.volatility]).toEqual([null, null, null, null]);
  });
});
