import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { analyse } from '#engine/analysis/analyse.ts';
import type { ShownSeries } from '#engine/analysis/shown-candles.ts';
import type { Json } from '#engine/contract/analysis.ts';
import { EngineStore } from '#engine/store/engine-store.ts';
import { built } from './module-of.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const HOURS = 12 * 24;
const NOW = 1000 * DAY;
/** The newest bar is hour 287, so the one of a day before is 263, and of seven days before 119. */
const priceAt = (hour: number) => 100 + hour + 3 * Math.sin(hour);
const constant = (hour: number) => 100 * 1.01 ** hour;

function without(symbol: string, holes: (hour: number) => boolean, closeAt = priceAt): ShownSeries {
  const hours = Array.from({ length: HOURS }, (_, hour) => hour).filter((hour) => !holes(hour));
  const close = Float64Array.from(hours, closeAt);
  const time = Float64Array.from(hours, (hour) => NOW - (HOURS - hour) * HOUR);
  const columns = { time, open: close, high: close, low: close, close, volume: close.map((_, at) => 1 + (at % 5)) };
  return { symbol, timeframe: '1h', part: 'since', span: { from: NOW - HOURS * HOUR, to: NOW }, columns };
}

interface Told {
  readonly price: Record<string, { since: Record<string, Record<string, Json>> }>;
  readonly indicators: Record<string, { since: Record<string, Record<string, Json>> }>;
  readonly nearness: {
    readonly market: Record<string, { since: Record<string, Json> }>;
    readonly strategies: Record<string, readonly Record<string, Json>[]>;
  };
  readonly correlation: readonly Record<string, Json>[];
}
let dir: string;
let told: Told;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ratchet-holes-'));
  const store = EngineStore.open(dir);
  for (const strategy of ['a', 'z']) {
    const waits = Array.from({ length: strategy === 'a' ? 600 : 1 }, (_, at) => ({ symbol: `M${at}`, reason: 'no cross' }));
    const decisions = waits.map((wait) => ({ ...wait, action: 'hold', outcome: 'held', terms: null }));
    store.addStep({ strategy, treeHash: 't', instant: NOW, fills: [], trades: [], denials: [], decisions, equity: 1 });
  }
  store.close();
  const candles = [
    without('whole', () => false),
    without('day', (hour) => hour >= 240 && hour <= 263),
    without('week', (hour) => hour >= 60 && hour <= 119),
    without('middle', (hour) => hour === 200),
    without('fresh', (hour) => hour === 277),
    without('constant', () => false, constant),
  ];
  const artifact = await built('market.ts', readFileSync('strategies/analysis/market.ts', 'utf8'));
  told = (await analyse(artifact, { store: dir, asOf: NOW, candles })) as unknown as Told;
});
afterAll(() => rmSync(dir, { recursive: true }));

const price = (symbol: string) => told.price[symbol]!.since;

describe('behind a hole', () => {
  it('the change of a day is not told from a bar that is older', () => {
    expect(price('day').change!['1d']).toBeNull();
    expect(price('day').unknown!['1d']).toBe('the bar of 1 days before is missing');
    expect(price('day').change!['7d']).toBe(priceAt(287) / priceAt(119) - 1);
  });

  it('there is no trend of seven days that begin with it', () => {
    expect(price('week')).toMatchObject({
      trend: null,
      change: { '1d': expect.any(Number), '7d': null },
      unknown: { trend: 'the bar of 7 days before is missing' },
    });
  });

  it('there is no trend of seven days that have it within', () => {
    expect(price('middle')).toMatchObject({ trend: null, unknown: { trend: '1 bars of the newest 7 days are missing' } });
    expect(price('whole').trend).toMatchObject({ name: 'rising' });
  });

  it('bars that begin too late are told apart from those that are missing', () => {
    expect(price('whole').unknown).toEqual({
      '30d': 'bars begin less than 30 days before',
      '90d': 'bars begin less than 90 days before',
    });
  });

  it('every indicator starts anew', () => {
    const { unknown, strength, barsWithoutHole } = told.indicators.fresh!.since;
    expect(barsWithoutHole).toBe(10);
    expect(strength).toMatchObject({ now: null, rank: null, q50: expect.any(Number) });
    expect(unknown).toEqual({
      strength: 'needs 15 bars in a row, and there are 10',
      range: 'needs 14 bars in a row, and there are 10',
      gap: 'needs 26 bars in a row, and there are 10',
      volume: 'needs 20 bars in a row, and there are 10',
    });
  });

  it('no true range spans it', () => {
    // Highs and lows are the closes, so the range of a bar is its step from the one before, and the first behind the hole has none.
    const steps = Array.from({ length: 24 }, (_, at) => (at === 0 ? 0 : Math.abs(priceAt(264 + at) - priceAt(263 + at))));
    const first = steps.slice(0, 14).reduce((sum, step) => sum + step, 0) / 14;
    const range = steps.slice(14).reduce((average, step) => (13 * average + step) / 14, first);
    expect(told.indicators.day!.since.range!.now).toBeCloseTo(range / priceAt(287), 12);
  });

  it('no signal is near', () => {
    const nothing = { cross: null, barsSinceCross: null, breakoutUp: null, breakoutDown: null, overbought: null, oversold: null };
    const near = told.nearness.market.fresh!.since;
    expect(near).toMatchObject(nothing);
    expect(Object.keys(near.unknown as object)).toEqual(Object.keys(nothing));
  });
});

describe('returns that are all the same', () => {
  it('correlate with nothing', () => {
    const pairs = told.correlation.filter(({ markets }) => (markets as string[]).includes('constant'));
    expect(pairs).toHaveLength(5);
    for (const pair of pairs)
      expect(pair).toMatchObject({ r: null, unknown: { r: 'the returns of one of them are all the same' } });
  });

  it('are a trend without a score', () => {
    expect(price('constant').trend).toMatchObject({ name: 'rising', score: null, efficiency: expect.closeTo(1, 12) });
  });
});

describe('reasons to wait', () => {
  it('are told of every strategy, however many another gave, and how many are left out', () => {
    const { holds, leftOut } = told.nearness.strategies;
    expect(holds!.filter(({ strategy }) => strategy === 'a')).toHaveLength(12);
    expect(holds!.at(-1)).toEqual({ strategy: 'z', symbol: 'M0', reason: 'no cross', times: 1 });
    expect(leftOut).toEqual([{ strategy: 'a', reasons: 588, times: 588 }]);
  });
});
