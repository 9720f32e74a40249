import { describe, expect, it } from 'vitest';
import { TierSettings } from '#engine/store/tiers/tier-settings.ts';
import { type Fed, kindsOf, type Piece } from './store-growth.ts';
import { judgeTrading, judgeWeek } from './week-figures.ts';

const megabyte = 1024 * 1024;
const fed: Fed = {
  ...{ bars: 10_080, strategies: 3, symbols: 9 },
  keep: TierSettings.parse({ recordedDays: 1, fiveMinuteDays: 3 }),
  exchange: { orders: 100, fills: 80 },
};
const pieces: readonly Piece[] = [
  { table: 'equity', rows: 4_400, bytes: 200_000 },
  { table: 'equityTiers', rows: 2_040, bytes: 300_000 },
  { table: 'orders', rows: 80, bytes: 9_000 },
  { table: 'venueOrders', rows: 100, bytes: 60_000 },
  { table: 'venueFills', rows: 80, bytes: 20_000 },
  { table: 'meta', rows: 8, bytes: 8_192 },
];
const changed = (table: string, change: Partial<Piece>): Piece[] =>
  pieces.map((piece) => (piece.table === table ? { ...piece, ...change } : piece));
const unkept = (given: readonly Piece[]) => kindsOf(given, fed).flatMap(({ table, isKept }) => (isKept ? [] : [table]));

describe('what a store may hold after a week', () => {
  it('is what the tiers leave, and what the exchange knows of', () => {
    expect(unkept(pieces)).toEqual([]);
  });

  it.each([
    ['a bar-by-bar record that no tier has taken', changed('equity', { rows: 3 * 10_080 }), 'equity'],
    ['runs of five minutes that should be hours', changed('equityTiers', { rows: 3 * 1_728 }), 'equityTiers'],
    ['an order that the exchange does not have', changed('venueOrders', { rows: 101 }), 'venueOrders'],
    ['a row that takes many times its size', changed('venueFills', { bytes: megabyte }), 'venueFills'],
    ['a table that grows with bars and that nobody named', changed('meta', { rows: 10_080 }), 'meta'],
  ])('is not %s', (_, given, table) => {
    expect(unkept(given)).toEqual([table]);
  });
});

describe('a week', () => {
  const kinds = kindsOf(pieces, fed);
  const fileBytes = pieces.reduce((sum, { bytes }) => sum + bytes, 0);
  const point = { bars: 1_260, rss: 200 * megabyte, heapUsed: 0, external: 0, storeBytes: 0, sandboxBytes: 100 * megabyte };
  const after = (grownMegabytes: number) => ({ ...point, rss: point.rss + grownMegabytes * megabyte });

  const week = { points: [point], bars: 10_080, symbols: 9, decisions: 90_720, kinds, fileBytes };

  it('meets its goals while memory never rises by 50 MB, its sandboxes included', () => {
    expect(judgeWeek({ ...week, points: [point, after(49), after(-20)] }).isMet).toBe(true);
    expect(judgeWeek({ ...week, points: [point, after(51), after(0)] }).isMet).toBe(false);
    expect(judgeWeek({ ...week, points: [point, after(-20), after(31)] }).isMet).toBe(false);
    expect(judgeWeek({ ...week, points: [point, { ...after(26), sandboxBytes: 125 * megabyte }] }).isMet).toBe(false);
  });

  it('misses them when the file holds much that is in no table', () => {
    expect(judgeWeek({ ...week, fileBytes: fileBytes + 9 * megabyte }).isMet).toBe(false);
  });

  it('misses them when a decision was lost on its way into a run', () => {
    expect(judgeWeek({ ...week, decisions: 90_719 }).isMet).toBe(false);
  });

  it('misses them when engine and exchange differ, a bar was late, or an order slow', () => {
    const end = {
      lateBars: 0,
      requests: 1_000,
      faults: [],
      exchange: { ...fed.exchange!, answers: [4], isMoneyConserved: true },
    };
    expect(judgeTrading({ end, kinds }).isMet).toBe(true);
    expect(judgeTrading({ end: { ...end, exchange: { ...end.exchange, orders: 101 } }, kinds }).isMet).toBe(false);
    expect(judgeTrading({ end: { ...end, exchange: { ...end.exchange, fills: 79 } }, kinds }).isMet).toBe(false);
    expect(judgeTrading({ end: { ...end, lateBars: 1 }, kinds }).isMet).toBe(false);
    expect(judgeTrading({ end: { ...end, exchange: { ...end.exchange, answers: [4, 11, 12] } }, kinds }).isMet).toBe(false);
  });
});
