import { describe, expect, it } from 'vitest';
import { concatColumns, sliceColumns } from '#engine/candles/candle-columns.ts';
import { digestOfColumns } from '#engine/candles/digest-columns.ts';
import { findFault } from '#engine/candles/find-fault.ts';
import { resample } from '#engine/candles/resample.ts';
import { SimulatedMarket, type SimulationRequest, simulateMarket } from '#engine/candles/simulate-market.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import type { Timeframe } from '#engine/contract/types.ts';

const symbols = ['BTC/USDT', 'ETH/USDT', 'SOL/USDT', 'ADA/USDT', 'XYZ/USDT'];
const request: SimulationRequest = { seed: 7, symbols, timeframe: '5m', from: Date.UTC(2024, 0, 1), bars: 2_000 };
const yearOfHours = { ...request, timeframe: '1h', from: Date.UTC(2020, 0, 1), bars: 5 * 365 * 24 } as const;

const digestsOf = (markets: ReadonlyMap<string, CandleColumns>) =>
  new Map([...markets].map(([symbol, columns]) => [symbol, digestOfColumns(columns)]));

describe('the simulated market', () => {
  it('is the same bytes for the same seed, on every machine and Node version', () => {
    const digest = digestOfColumns(simulateMarket({ ...request, bars: 20_000 }).get('BTC/USDT')!);
    expect(digest).toBe('sha256:e8bcc414f3edbdafe56a453920439925b2148063fcfdfcb010c80465a93760ea');
  });

  it('is another one for another seed', () => {
    expect(digestsOf(simulateMarket({ ...request, seed: 8 }))).not.toEqual(digestsOf(simulateMarket(request)));
  });

  it('goes on where it stopped: more bars have the same first ones, however they are drawn', () => {
    const whole = simulateMarket(request);
    const market = new SimulatedMarket(request);
    const parts = [market.advance(1), market.advance(999), market.advance(1_000)];
    for (const symbol of symbols) {
      const joined = parts.map((part) => part.get(symbol)!).reduce(concatColumns);
      expect(digestOfColumns(joined)).toBe(digestOfColumns(whole.get(symbol)!));
      const shorter = simulateMarket({ ...request, bars: 700 }).get(symbol)!;
      expect(digestOfColumns(shorter)).toBe(digestOfColumns(sliceColumns(whole.get(symbol)!, 0, 700)));
    }
  });

  it('does not change a symbol when others come or go', () => {
    const alone = simulateMarket({ ...request, symbols: ['ETH/USDT'] });
    expect(digestsOf(alone).get('ETH/USDT')).toBe(digestsOf(simulateMarket(request)).get('ETH/USDT'));
  });

  it.each<[Timeframe]>([['1m'], ['5m'], ['1h'], ['1d']])(
    'makes sound %s bars without a gap, each opening where the last one closed',
    (timeframe) => {
      for (const [symbol, columns] of simulateMarket({ ...request, timeframe, bars: 3_000 })) {
        expect(findFault(columns, timeframe), symbol).toBeUndefined();
        expect([...columns.open.subarray(1)]).toEqual([...columns.close.subarray(0, -1)]);
        expect(columns.volume.every((volume) => volume > 0)).toBe(true);
      }
    },
  );

  it('rounds prices to the tick', () => {
    const { close, high } = simulateMarket(request).get('BTC/USDT')!;
    for (const price of [...close, ...high]) expect(price).toBe(Number(price.toFixed(2)));
  });

  it('has the volatility of such markets, fat tails, and markets that move together', () => {
    const returns = new Map([...simulateMarket(yearOfHours)].map(([symbol, columns]) => [symbol, logReturns(columns.close)]));
    for (const [symbol, values] of returns) {
      const annual = Math.sqrt(variance(values) * 24 * 365);
      expect(annual, symbol).toBeGreaterThan(0.4);
      expect(annual, symbol).toBeLessThan(1);
      expect(kurtosis(values), symbol).toBeGreaterThan(5);
    }
    const together = correlation(returns.get('BTC/USDT')!, returns.get('ETH/USDT')!);
    expect(together).toBeGreaterThan(0.4);
    expect(together).toBeLessThan(0.9);
  });

  it('plants no pattern from bar to bar', () => {
    for (const [symbol, columns] of simulateMarket(yearOfHours)) {
      const values = logReturns(columns.close);
      const lagOne = correlation(values.slice(1), values.slice(0, -1));
      expect(Math.abs(lagOne), symbol).toBeLessThan(0.04);
    }
  });

  it('clusters its volatility, and trades more when it moves more', () => {
    const { close, volume } = simulateMarket(yearOfHours).get('BTC/USDT')!;
    const sizes = logReturns(close).map(Math.abs);
    expect(correlation(sizes.slice(24), sizes.slice(0, -24))).toBeGreaterThan(0.05);
    const turnover = sizes.map((_, index) => Math.log(volume[index + 1]! * close[index + 1]!));
    expect(correlation(sizes, turnover)).toBeGreaterThan(0.3);
  });

  it('is livelier in the European and American afternoon than at night', () => {
    const { close, time } = simulateMarket(yearOfHours).get('ETH/USDT')!;
    const values = logReturns(close);
    const at = (hours: readonly number[]) =>
      variance(values.filter((_, index) => hours.includes(new Date(time[index + 1]!).getUTCHours())));
    expect(at([13, 14, 15, 16])).toBeGreaterThan(1.5 * at([1, 2, 3, 4]));
  });

  it('pays a slow follower of trends a little, and a fast one nothing after fees', () => {
    const sharpes = [1, 2, 3, 4, 5, 6].map((seed) => {
      const base = simulateMarket({ ...yearOfHours, seed, symbols: ['BTC/USDT'] }).get('BTC/USDT')!;
      return { slow: trendSharpe(resample(base, '1h', '1d').close, 5, 20, 365), fast: trendSharpe(base.close, 3, 8, 24 * 365) };
    });
    expect(Math.max(...sharpes.map(({ fast }) => fast))).toBeLessThan(0.5);
    const slow = sharpes.reduce((sum, sharpe) => sum + sharpe.slow, 0) / sharpes.length;
    expect(slow).toBeGreaterThan(0);
    expect(slow).toBeLessThan(1.2);
  });

  it('refuses what it cannot make', () => {
    expect(() => simulateMarket({ ...request, seed: 1.5 })).toThrow(/seed 1.5 is not a whole number/);
    expect(() => simulateMarket({ ...request, symbols: ['bitcoin'] })).toThrow(/"bitcoin" is not a symbol/);
    expect(() => simulateMarket({ ...request, from: 1 })).toThrow(/not the start of a 5m bar/);
  });
});

function logReturns(close: Float64Array): number[] {
  return Array.from(close.subarray(1), (price, index) => Math.log(price / close[index]!));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function moment(values: readonly number[], order: number): number {
  const centre = mean(values);
  return mean(values.map((value) => (value - centre) ** order));
}

function variance(values: readonly number[]): number {
  return moment(values, 2);
}

function kurtosis(values: readonly number[]): number {
  return moment(values, 4) / variance(values) ** 2;
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const [centreA, centreB] = [mean(a), mean(b)];
  return mean(a.map((value, index) => (value - centreA) * (b[index]! - centreB))) / Math.sqrt(variance(a) * variance(b));
}

/** Long while the fast average is above the slow one; 0.1 % a change; annual. */
function trendSharpe(close: Float64Array, fastBars: number, slowBars: number, barsPerYear: number): number {
  let fast = close[0]!;
  let slow = fast;
  let isLong = false;
  const results = Array.from(close.subarray(1), (price, index) => {
    const earned = isLong ? Math.log(price / close[index]!) : 0;
    fast += ((price - fast) * 2) / (fastBars + 1);
    slow += ((price - slow) * 2) / (slowBars + 1);
    const cost = fast > slow === isLong ? 0 : 0.001;
    isLong = fast > slow;
    return earned - cost;
  });
  return (mean(results) / Math.sqrt(variance(results))) * Math.sqrt(barsPerYear);
}
