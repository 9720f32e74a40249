import { describe, expect, it } from 'vitest';
import type { LoopResult } from '#engine/backtest/loop.ts';
import { dailyReturns } from '#engine/backtest/metrics/daily-returns.ts';
import { marketLine } from '#engine/backtest/metrics/market-line.ts';
import { metricsOf as metricsOfRun } from '#engine/backtest/metrics/metrics-of.ts';
import { emptyFigures, type TradeFigures } from '#engine/backtest/metrics/trade-figures.ts';
import type { Trade } from '#engine/simulation/types.ts';
import fc from '#tests/support/properties.ts';

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

/** As the loop's codec writes them down. */
function figuresOf(trades: readonly Trade[]): TradeFigures {
  const figures = emptyFigures(trades.length);
  trades.forEach((trade, at) => {
    figures.netResults[at] = trade.netResult;
    figures.netReturns[at] = trade.netReturn;
    figures.fees[at] = trade.fees;
    figures.barsHeld[at] = trade.barsHeld;
    figures.adverse[at] = trade.maxAdverseExcursion;
    figures.favourable[at] = trade.maxFavourableExcursion;
  });
  return figures;
}

const metricsOf = (result: LoopResult, capital: number, benchmark: readonly number[] | null) =>
  metricsOfRun(result, figuresOf(result.trades), capital, benchmark);

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
    const flat = days(new Array(60).fill(100), { trades: [] });
    const held = Array.from({ length: 60 }, (_, day) => 100 + (day % 7));
    for (const metrics of [metricsOf(empty, 100, null), metricsOf(flat, 100, held)]) {
      const { bars, trades, netReturn, maxDrawdown, maxDrawdownBars, exposure, turnover, fees, ...said } = metrics;
      expect({ trades, netReturn, maxDrawdown, maxDrawdownBars, exposure, turnover, fees }).toEqual({
        trades: 0,
        netReturn: 0,
        maxDrawdown: 0,
        maxDrawdownBars: 0,
        exposure: 0,
        turnover: 0,
        fees: 0,
      });
      expect(Object.keys(said)).toHaveLength(18);
      for (const [name, value] of Object.entries(said)) expect([name, value]).toEqual([name, null]);
    }
  });

  it('are finite numbers or null whatever happened, and go through JSON unchanged', () => {
    const day = fc.double({ min: 0.01, max: 1e6, noNaN: true });
    const ratio = fc.double({ min: -0.99, max: 5, noNaN: true });
    const some = fc.array(fc.record({ net: fc.double({ min: -500, max: 500, noNaN: true }), ratio, bars: fc.nat(99) }));
    fc.assert(
      fc.property(fc.array(day, { maxLength: 80 }), some, fc.boolean(), (values, outcomes, isHeld) => {
        const trades = outcomes.map(({ net, ratio: netReturn, bars }) => trade(net, 1, netReturn, bars));
        const metrics = metricsOf(days(values, { trades }), 100, isHeld ? [...values].reverse() : null);
        for (const [name, value] of Object.entries(metrics)) {
          if (value !== null) expect([name, Number.isFinite(value)]).toEqual([name, true]);
        }
        expect(JSON.parse(JSON.stringify(metrics))).toEqual(metrics);
      }),
      { seed: 3, numRuns: 500 },
    );
  });

  it('take daily returns from the capital on', () => {
    expect(dailyReturns(100, [110, 99])).toEqual([expect.closeTo(0.1, 12), expect.closeTo(-0.1, 12)]);
  });

  it('volatility, Sharpe and Sortino are annualised by 365 days', () => {
    const metrics = metricsOf(days([101, 99.99, 102.9897]), 100, null);
    // returns 1 %, -1 %, 3 %: mean 1 %, sample deviation 2 %, downside deviation 1 %/√3
    expect(metrics.volatility).toBeCloseTo(0.02 * Math.sqrt(365), 9);
    expect(metrics.sharpe).toBeCloseTo(0.5 * Math.sqrt(365), 9);
    expect(metrics.sortino).toBeCloseTo(Math.sqrt(3) * Math.sqrt(365), 9);
  });

  it('growth is put to a year only when a month has passed', () => {
    expect(metricsOf(days(new Array(29).fill(110)), 100, null).cagr).toBeNull();
    expect(metricsOf(days(new Array(73).fill(110)), 100, null).cagr).toBeCloseTo(1.1 ** 5 - 1, 9);
    expect(metricsOf(days(new Array(73).fill(110), { maxDrawdown: 0.1 }), 100, null).calmar).toBeCloseTo((1.1 ** 5 - 1) / 0.1, 9);
    expect(metricsOf(days(new Array(73).fill(110)), 100, null).calmar).toBeNull();
  });

  it('count trades by what they brought after fees', () => {
    const trades = [trade(30, 2, 0.3, 2), trade(-10, 2, -0.1, 4), trade(-1, 2, -0.01, 6)];
    const metrics = metricsOf(
      days([100, 110, 119], { trades, fees: 6, turnover: 330, equitySum: 330, investedInstants: 2 }),
      100,
      null,
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
    const metrics = metricsOf(days([100, 100]), 100, null);
    expect([metrics.profitFactor, metrics.sharpe, metrics.sortino, metrics.volatility]).toEqual([null, null, null, null]);
  });

  it('the Ulcer index is the root of the mean squared drawdown at the ends of days', () => {
    // drawdowns 0, 10 %, 20 %, 0 from the highest equity so far, the capital included
    expect(metricsOf(days([100, 90, 80, 120]), 100, null).ulcer).toBeCloseTo(Math.sqrt((0.01 + 0.04) / 4), 12);
    expect(metricsOf(days([90, 90]), 100, null).ulcer).toBeCloseTo(0.1, 12);
  });

  it('the system quality number grows with the root of the number of trades', () => {
    const trades = [0.01, 0.03, -0.01, 0.05].map((netReturn) => trade(netReturn, 0, netReturn, 1));
    // mean 2 %, sample deviation √(20/3) %
    expect(metricsOf(days([100], { trades }), 100, null).sqn).toBeCloseTo((2 * 2) / Math.sqrt(20 / 3), 12);
    expect(metricsOf(days([100], { trades: trades.slice(0, 1) }), 100, null).sqn).toBeNull();
  });

  it('excursions are means over trades, and the worst one', () => {
    const moved = (adverse: number, favourable: number): Trade => {
      return { ...trade(1, 0, 0.01, 1), maxAdverseExcursion: adverse, maxFavourableExcursion: favourable };
    };
    const metrics = metricsOf(days([100], { trades: [moved(-0.01, 0.04), moved(-0.05, 0)] }), 100, null);
    expect(metrics.averageAdverseExcursion).toBeCloseTo(-0.03, 12);
    expect(metrics.averageFavourableExcursion).toBeCloseTo(0.02, 12);
    expect(metrics.worstAdverseExcursion).toBe(-0.05);
  });

  it('the tail ratio sets the best twentieth of days against the worst', () => {
    const values: number[] = [];
    let equity = 100;
    // returns -10 % … +20 % in steps of 1.5 %: quantiles fall on the second of 21
    for (let day = 0; day < 21; day += 1) {
      equity *= 1 + (-0.1 + 0.015 * day);
      values.push(equity);
    }
    expect(metricsOf(days(values), 100, null).tailRatio).toBeCloseTo(0.185 / 0.085, 9);
    expect(metricsOf(days(values.slice(0, 19)), 100, null).tailRatio).toBeNull();
    expect(metricsOf(days(new Array(30).fill(100)), 100, null).tailRatio).toBeNull();
  });

  it('the tail ratio of nothing but losing days is below zero, not a good one', () => {
    const values = Array.from({ length: 30 }, (_, day) => 100 * 0.99 ** (day + 1));
    expect(metricsOf(days(values), 100, null).tailRatio).toBeCloseTo(-1, 9);
  });

  it('of one trade say what one trade can say: no spread, and no profit factor of a winner or of a trade that broke even', () => {
    const of = (net: number) => metricsOf(days([100, 100 + net], { trades: [trade(net, 1, net / 50, 3)], fees: 1 }), 100, null);
    expect(of(5)).toMatchObject({
      winRate: 1,
      profitFactor: null,
      expectancy: 0.1,
      sqn: null,
      averageHoldBars: 3,
      feeShare: 1 / 6,
    });
    expect(of(-5)).toMatchObject({ winRate: 0, profitFactor: 0, expectancy: -0.1, sqn: null, feeShare: null });
    expect(of(0)).toMatchObject({ winRate: 0, profitFactor: null, expectancy: 0, sqn: null, feeShare: 1 });
  });

  it('of equity that stands still, and of one that grows the same every day, have no ratio to a spread of zero', () => {
    const still = metricsOf(days(new Array(60).fill(100)), 100, null);
    expect(still).toMatchObject({
      cagr: 0,
      volatility: null,
      sharpe: null,
      sortino: null,
      calmar: null,
      ulcer: 0,
      tailRatio: null,
    });
    const steady = metricsOf(days(Array.from({ length: 60 }, (_, day) => 100 * 1.01 ** (day + 1))), 100, null);
    expect(steady).toMatchObject({ volatility: null, sharpe: null, sortino: null, calmar: null, tailRatio: null });
    expect(steady.cagr).toBeCloseTo(1.01 ** 365 - 1, 6);
  });

  it('of a single day, and of two, are null where there is too little to say', () => {
    const nothing = {
      cagr: null,
      volatility: null,
      sharpe: null,
      sortino: null,
      calmar: null,
      tailRatio: null,
      alpha: null,
      beta: null,
    };
    expect(metricsOf(days([90]), 100, [95])).toMatchObject({ ...nothing, ulcer: expect.closeTo(0.1, 12) });
    const two = metricsOf(days([90, 99]), 100, [95, 96]);
    expect(two).toMatchObject({ cagr: null, tailRatio: null, alpha: null, beta: null, sharpe: expect.closeTo(0, 9) });
  });

  it('alpha and beta are those of the line through the daily returns of buy-and-hold', () => {
    const benchmark = Array.from({ length: 40 }, (_, day) => ((day * 7) % 11) / 100 - 0.05);
    const exact = marketLine(
      benchmark.map((value) => 0.001 + 0.5 * value),
      benchmark,
    );
    expect(exact?.beta).toBeCloseTo(0.5, 12);
    expect(exact?.alpha).toBeCloseTo(0.365, 12);
    expect(marketLine(benchmark.slice(0, 19), benchmark.slice(0, 19))).toBeNull();
    expect(marketLine(benchmark, new Array(40).fill(0.01))).toBeNull();
    const grown = (returns: readonly number[]): number[] => {
      let value = 100;
      return returns.map((change) => (value *= 1 + change));
    };
    const metrics = metricsOf(days(grown(benchmark.map((value) => 2 * value))), 100, grown(benchmark));
    expect(metrics.beta).toBeCloseTo(2, 9);
    expect(metrics.alpha).toBeCloseTo(0, 9);
  });
});
