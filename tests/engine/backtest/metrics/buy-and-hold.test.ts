import { describe, expect, it } from 'vitest';
import { buyAndHold } from '#engine/backtest/metrics/buy-and-hold.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import type { MarketRules } from '#engine/simulation/types.ts';

const HOUR = 3_600_000;
const free: MarketRules = {
  makerFeeRate: 0,
  takerFeeRate: 0,
  halfSpreadRate: 0,
  slippageRate: 0,
  volumeShare: 1,
  tickSize: 0.01,
  stepSize: 0.01,
  minQuantity: 0,
  minNotional: 0,
};

function columns(from: number, prices: readonly number[]): CandleColumns {
  const column = Float64Array.from(prices);
  return {
    time: Float64Array.from(prices.map((_, index) => from + index * HOUR)),
    open: column,
    high: column,
    low: column,
    close: column,
    volume: column,
  };
}

describe('buy and hold', () => {
  it('doubles when the only symbol doubles, and falls with it on the way', () => {
    const bars = new Map([['BTC/USDT', columns(0, [100, 150, 75, 200])]]);
    const times = [HOUR, 2 * HOUR, 3 * HOUR, 4 * HOUR];
    const held = buyAndHold(bars, { 'BTC/USDT': free }, { from: 0, to: 4 * HOUR }, 1_000, times);
    expect(held.netReturn).toBeCloseTo(1, 12);
    expect(held.value).toEqual([1_000, 1_500, 750, 2_000]);
    expect(held.maxDrawdown).toBeCloseTo(0.5, 12);
  });

  it('pays to get in and to get out', () => {
    const bars = new Map([['BTC/USDT', columns(0, [100, 100])]]);
    const held = buyAndHold(bars, { 'BTC/USDT': { ...free, takerFeeRate: 0.01 } }, { from: 0, to: 2 * HOUR }, 1_000, [2 * HOUR]);
    expect(held.netReturn).toBeCloseTo(0.99 * 0.99 - 1, 12);
  });

  it('keeps the share of a symbol that has not listed yet in cash', () => {
    const bars = new Map([
      ['BTC/USDT', columns(0, [100, 100, 100])],
      ['NEW/USDT', columns(2 * HOUR, [10])],
      ['NEVER/USDT', columns(9 * HOUR, [10])],
    ]);
    const markets = { 'BTC/USDT': free, 'NEW/USDT': free, 'NEVER/USDT': free };
    const held = buyAndHold(bars, markets, { from: 0, to: 3 * HOUR }, 900, [HOUR, 3 * HOUR]);
    expect(held.value).toEqual([900, 900]);
    expect(held.netReturn).toBeCloseTo(0, 12);
  });
});
