import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { analyse } from '#engine/analysis/analyse.ts';
import type { ShownSeries } from '#engine/analysis/shown-candles.ts';
import type { Json } from '#engine/contract/analysis.ts';
import { built } from './module-of.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Where the part after the vault begins. */
const SINCE = 1000 * DAY;
const NOW = SINCE + 12 * DAY;

interface Bar {
  readonly time: number;
  readonly close: number;
  readonly high?: number;
  readonly low?: number;
  readonly volume?: number;
}

function series(symbol: string, part: ShownSeries['part'], span: ShownSeries['span'], bars: readonly Bar[]): ShownSeries {
  const column = (of: (bar: Bar) => number) => Float64Array.from(bars, of);
  const close = column((bar) => bar.close);
  const high = column((bar) => bar.high ?? bar.close);
  const low = column((bar) => bar.low ?? bar.close);
  const columns = { time: column((bar) => bar.time), open: close, high, low, close, volume: column((bar) => bar.volume ?? 1) };
  return { symbol, timeframe: '1h', part, span, columns };
}

/** Closes that begin at 100 and have these log returns, hour by hour. */
function following(returns: readonly number[]): Bar[] {
  let price = 100;
  return [0, ...returns].map((step, at) => {
    price *= Math.exp(step);
    return { time: at * HOUR, close: price };
  });
}

const forty = Array.from({ length: 40 }, (_, at) => at);
/** Up and down by turns; and two up, two down: over whole periods they have nothing in common. */
const byTurns: readonly number[] = forty.map((at) => (at % 2 === 0 ? 0.01 : -0.01));
const byPairs = forty.map((at) => (at % 4 < 2 ? 0.02 : -0.02));

/** Twelve days of a market that rises by 1 an hour, from 100, within 1 of its close either way. */
const rising = Array.from({ length: 12 * 24 }, (_, at) => ({
  time: SINCE + at * HOUR,
  close: 100 + at,
  high: 101 + at,
  low: 99 + at,
  volume: at === 287 ? 39 : 1,
}));
const last = 100 + 287;

/** Of ten hours these are there; hours 3 to 5 and 8 are holes. */
const holey: Bar[] = [0, 1, 2, 6, 7, 9].map((hour) => ({
  time: NOW - (12 - hour) * HOUR,
  close: 10,
  high: hour === 1 ? 9 : hour === 2 ? 10 : 11,
  low: hour === 1 ? 8 : hour === 2 ? 10 : 9,
  volume: hour === 7 ? 0 : 1,
}));

interface Told {
  readonly asOf: number;
  readonly price: Record<string, Record<string, Record<string, Json>>>;
  readonly indicators: Record<string, Record<string, Record<string, Record<string, number>>>>;
  readonly nearness: { readonly market: Record<string, Record<string, Json>>; readonly strategies: Json };
  readonly quality: readonly Record<string, Json>[];
  readonly correlation: readonly Record<string, Json>[];
}
let told: Told;

beforeAll(async () => {
  const artifact = await built('market.ts', readFileSync('strategies/analysis/market.ts', 'utf8'));
  const development = { from: 0, to: 41 * HOUR };
  const candles = [
    series('BTC/USDT', 'development', development, following(byTurns)),
    series('ETH/USDT', 'development', development, following(byPairs)),
    series('SOL/USDT', 'development', development, following(byTurns.map((step) => -3 * step))),
    series('XRP/USDT', 'development', development, following(byTurns.with(20, 0.5))),
    series('BTC/USDT', 'since', { from: SINCE, to: NOW }, rising),
    series('ETH/USDT', 'since', { from: NOW - 12 * HOUR, to: NOW - 2 * HOUR }, holey),
    series('SOL/USDT', 'since', { from: SINCE, to: NOW }, []),
  ];
  told = (await analyse(artifact, { store: null, asOf: NOW, candles })) as unknown as Told;
});

describe('price and trend', () => {
  it('are the change of the newest close over those before it', () => {
    expect(told.price['BTC/USDT']!.since).toMatchObject({
      firstTime: SINCE,
      closedTime: NOW,
      close: last,
      highest: last + 1,
      lowest: 99,
      change: { '1d': last / (last - 24) - 1, '7d': last / (last - 168) - 1, '30d': null, '90d': null },
    });
  });

  it('have the volatility of a year, of returns that are taken from their mean', () => {
    // Forty returns of ±0.01 with mean 0: variance 40 · 0.01² / 39 an hour, and 8760 hours a year.
    expect(told.price['BTC/USDT']!.development!.volatility).toBeCloseTo(Math.sqrt(((40 * 0.0001) / 39) * 8760), 10);
  });

  it('call a straight way up rising, with an efficiency of 1 and nearly all of it on one line', () => {
    const { trend } = told.price['BTC/USDT']!.since as unknown as { trend: Record<string, number | string> };
    expect(trend).toMatchObject({ days: 7, name: 'rising', efficiency: 1 });
    expect(trend.fit).toBeGreaterThan(0.99);
    // The log slope of a straight line lies between those at its ends.
    expect(trend.perDay).toBeGreaterThan(24 / last);
    expect(trend.perDay).toBeLessThan(24 / (last - 168));
  });

  it('say nothing of a trend where there are no seven days of bars, and nothing at all where there are no bars', () => {
    expect(told.price['BTC/USDT']!.development!.trend).toBeNull();
    expect(told.price['SOL/USDT']!.since).toBeUndefined();
  });
});

describe('indicators', () => {
  it('are those of the books', () => {
    const { strength, range, gap, volume } = told.indicators['BTC/USDT']!.since!;
    // It only rises; every true range is 2; averages of a straight line lag by half their length less one.
    expect(strength).toMatchObject({ q5: 100, q50: 100, now: 100, rank: 1 });
    expect(range!.now).toBeCloseTo(2 / last, 12);
    expect(gap!.now).toBeCloseTo((12.5 - 5.5) / last, 12);
    // 39 in a mean of nineteen ones and itself.
    expect(volume).toMatchObject({ q5: 1, q95: 1, now: expect.closeTo(39 / (58 / 20), 12), rank: 1 });
  });

  it('are told by their quantiles', () => {
    // The range over the close falls from bar 14 (of 113) to the last: its quantiles are those of 2 / close, which are at whole ranks
    // where 5 % of 274 intervals end: 274 · 0.05 = 13.7 from the smallest.
    const { range } = told.indicators['BTC/USDT']!.since!;
    const ofRank = (rank: number) => 2 / (last - rank);
    expect(range!.q5).toBeCloseTo(ofRank(13) + 0.7 * (ofRank(14) - ofRank(13)), 12);
    expect(range!.rank).toBeCloseTo(1 / 275, 12);
  });

  it('have a relative strength of about 50 where rises and falls take turns', () => {
    const { strength } = told.indicators['BTC/USDT']!.development!;
    expect(Math.abs(strength!.q50! - 50)).toBeLessThan(5);
  });
});

describe('nearness of a signal', () => {
  it('is measured in average true ranges', () => {
    expect(told.nearness.market['BTC/USDT']!.since).toEqual({
      cross: expect.closeTo(7 / 2, 12),
      barsSinceCross: null,
      breakoutUp: 0,
      breakoutDown: expect.closeTo(21 / 2, 12),
      overbought: -30,
      oversold: 70,
      unknown: { barsSinceCross: 'none in the newest 288 bars without a hole' },
    });
  });

  it('is told of the present alone', () => {
    expect(Object.keys(told.nearness.market['BTC/USDT']!)).toEqual(['since']);
  });
});

describe('data quality', () => {
  const of = (symbol: string, part: string) => told.quality.find((one) => one.symbol === symbol && one.part === part);

  it('counts the bars that are and are not there, the holes, and what looks wrong', () => {
    expect(of('ETH/USDT', 'since')).toEqual({
      symbol: 'ETH/USDT',
      part: 'since',
      expected: 10,
      bars: 6,
      missing: expect.closeTo(0.4, 12),
      holes: 2,
      longestHole: 3,
      flat: 1,
      empty: 1,
      impossible: 1,
      hoursOld: 0,
      outliers: null,
    });
  });

  it('finds nothing to say against a whole series', () => {
    expect(of('BTC/USDT', 'since')).toMatchObject({
      expected: 288,
      bars: 288,
      missing: 0,
      holes: 0,
      longestHole: 0,
      hoursOld: 0,
    });
    expect(of('ETH/USDT', 'development')).toMatchObject({ outliers: 0 });
  });

  it('counts a return that is far from what is usual', () => {
    expect(of('XRP/USDT', 'development')).toMatchObject({ outliers: 1 });
  });

  it('tells of a part without a bar', () => {
    expect(of('SOL/USDT', 'since')).toMatchObject({ expected: 288, bars: 0, missing: 1, holes: 0, hoursOld: null });
  });
});

describe('correlation', () => {
  const between = (...markets: string[]) => told.correlation.find((one) => String(one.markets) === String(markets));

  it('is 0 between what has nothing in common, as far as 40 pairs can tell', () => {
    const width = Math.tanh(1.96 / Math.sqrt(37));
    expect(between('BTC/USDT', 'ETH/USDT')).toEqual({
      markets: ['BTC/USDT', 'ETH/USDT'],
      part: 'development',
      pairs: 40,
      r: expect.closeTo(0, 10),
      low: expect.closeTo(-width, 10),
      high: expect.closeTo(width, 10),
      unknown: {},
    });
  });

  it('is −1 between opposites, however far they move', () => {
    expect(between('BTC/USDT', 'SOL/USDT')!.r).toBeCloseTo(-1, 10);
  });

  it('is not told of fewer than thirty pairs', () => {
    const none = told.correlation.filter(({ part }) => part === 'since');
    expect(none).toHaveLength(3);
    for (const each of none)
      expect(each).toMatchObject({ r: null, low: null, unknown: { r: expect.stringContaining('fewer than 30') } });
  });
});
