import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { analyse } from '#engine/analysis/analyse.ts';
import type { ShownSeries } from '#engine/analysis/shown-candles.ts';
import { built } from './module-of.ts';

const HOUR = 3_600_000;
const BARS = 400;
const SYMBOLS = ['A', 'B', 'C', 'D'];

/** Uniform in [0, 1), the same on every machine: xorshift of 32 bits (Marsaglia, 2003). */
function drawing(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Random walks that share a part of every step, each with hours missing that are its own. */
function walks(): ShownSeries[] {
  const draw = drawing(7);
  const shared = Array.from({ length: BARS }, () => draw() - 0.5);
  return SYMBOLS.map((symbol, at) => {
    let price = 100;
    const bars = shared
      .map((step, hour) => {
        price *= Math.exp(0.01 * (at * step + draw() - 0.5));
        return { time: hour * HOUR, close: price, volume: 1 + Math.floor(5 * draw()) };
      })
      .filter(() => draw() > 0.03);
    const column = (name: 'time' | 'close' | 'volume') => Float64Array.from(bars, (bar) => bar[name]);
    const close = column('close');
    const columns = { time: column('time'), open: close, high: close, low: close, close, volume: column('volume') };
    return { symbol, timeframe: '1h', part: 'development', span: { from: 0, to: BARS * HOUR }, columns };
  });
}

interface Told {
  readonly correlation: readonly { readonly markets: readonly [string, string]; readonly pairs: number; readonly r: number }[];
  readonly indicators: Record<string, { readonly development: { readonly volume: Record<string, number | null> } }>;
}
const series = walks();
let told: Told;
beforeAll(async () => {
  const artifact = await built('market.ts', readFileSync('strategies/analysis/market.ts', 'utf8'));
  told = (await analyse(artifact, { store: null, asOf: BARS * HOUR, candles: series })) as unknown as Told;
});

/** By the hour, where the hour before is there as well. */
function returnsOf(symbol: string): Map<number, number> {
  const { time, close } = series.find((one) => one.symbol === symbol)!.columns;
  const closes = new Map(Array.from(time, (open, at) => [open, close[at]!]));
  const known = [...closes].filter(([open]) => closes.has(open - HOUR));
  return new Map(known.map(([open, price]) => [open, Math.log(price / closes.get(open - HOUR)!)]));
}

describe('of random walks with holes', () => {
  it('every correlation is the mean product of the standardised returns that both have', () => {
    expect(told.correlation).toHaveLength(6);
    for (const { markets, pairs, r } of told.correlation) {
      const [left, right] = [returnsOf(markets[0]), returnsOf(markets[1])];
      const both = [...left.keys()].filter((time) => right.has(time));
      const standardised = (returns: Map<number, number>) => {
        const values = both.map((time) => returns.get(time)!);
        const centre = values.reduce((sum, value) => sum + value, 0) / values.length;
        const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / values.length);
        return values.map((value) => (value - centre) / deviation);
      };
      const [x, y] = [standardised(left), standardised(right)];
      expect(pairs).toBe(both.length);
      expect(r).toBeCloseTo(x.reduce((sum, value, at) => sum + value * y[at]!, 0) / both.length, 10);
    }
  });

  it('every quantile lies where the line through the ranks of the values says', () => {
    for (const { symbol, columns } of series) {
      const { time, volume } = columns;
      const row = (at: number) => time.findIndex((open) => open === time[at]! - 19 * HOUR) === at - 19 && at >= 19;
      const places = Array.from(time.keys()).filter(row);
      const values = places
        .map((at) => volume[at]! / (volume.slice(at - 19, at + 1).reduce((sum, one) => sum + one, 0) / 20))
        .sort((a, b) => a - b);
      expect(values.length).toBeGreaterThan(20);
      for (const percent of [5, 25, 50, 75, 95]) {
        // Ranks 0 … n − 1 are the shares 0 … 1: walk to the interval that has the share in it.
        const share = (percent / 100) * (values.length - 1);
        const above = values.findIndex((_, rank) => rank >= share);
        const below = Math.max(above - 1, 0);
        const value = values[above]! * (share - below) + values[below]! * (above - share);
        expect(told.indicators[symbol]!.development.volume[`q${percent}`]).toBeCloseTo(value, 10);
      }
    }
  });
});
