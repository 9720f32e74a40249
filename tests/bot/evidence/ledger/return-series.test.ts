import { describe, expect, it } from 'vitest';
import {
  compressReturns,
  decompressReturns,
  packReturns,
  returnsByDay,
  unpackReturns,
} from '#bot/evidence/ledger/return-series.ts';
import fc from '#tests/support/properties.ts';
import { someReturns } from './sample-nights.ts';

const DAY_MS = 86_400_000;
const MONDAY = Date.UTC(2026, 0, 5);
const endOf = (day: number) => MONDAY + (day + 1) * DAY_MS;

describe('daily returns of a trial', () => {
  it('stand on the days of the span, the first from the capital', () => {
    const equity = { time: [endOf(0), endOf(1), endOf(2)], value: [110, 99, 99] };
    const returns = returnsByDay(equity, 100, { from: MONDAY, to: endOf(2) });
    expect([...returns]).toEqual([expect.closeTo(0.1), expect.closeTo(-0.1), 0]);
  });

  it('are 0 before the first bar, and count a last day that is only begun', () => {
    const equity = { time: [endOf(1), endOf(1) + DAY_MS / 2], value: [110, 121] };
    const returns = returnsByDay(equity, 100, { from: MONDAY, to: endOf(1) + DAY_MS / 2 });
    expect([...returns]).toEqual([0, expect.closeTo(0.1), expect.closeTo(0.1)]);
  });

  it('are 0 after ruin, where nothing is left that could return anything', () => {
    const equity = { time: [endOf(0), endOf(1), endOf(2)], value: [0, 0, 0] };
    expect([...returnsByDay(equity, 100, { from: MONDAY, to: endOf(2) })]).toEqual([-1, 0, 0]);
  });
});

describe('packed returns', () => {
  it('come back to a millionth, whatever they are', () => {
    const value = fc.double({ min: -1, max: 50, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.array(value, { minLength: 5, maxLength: 5 }), { maxLength: 6 }), (rows) => {
        const trials = rows.map((_, index) => 2 * index + 1);
        const returns = { firstDay: 20_000, days: 5, trials, series: rows.map((row) => Float64Array.from(row)) };
        const back = unpackReturns(decompressReturns(compressReturns(packReturns(returns))));
        expect({ ...back, series: undefined }).toEqual({ firstDay: 20_000, days: 5, trials, series: undefined });
        for (const [index, row] of rows.entries())
          for (const [day, one] of row.entries()) expect(Math.abs(back.series[index]![day]! - one)).toBeLessThanOrEqual(5.1e-7);
      }),
    );
  });

  it('come back the same however often they are packed: evidence is made from what was read, not from what was written', () => {
    const once = unpackReturns(packReturns(someReturns(5)));
    expect(unpackReturns(packReturns(once))).toEqual(once);
  });

  it('take little more than two bytes a day and trial, even where no two trials have anything in common', () => {
    const returns = someReturns(60, { days: 788 });
    expect(compressReturns(packReturns(returns)).length / 60 / 788).toBeLessThan(2.2);
  });

  it('are refused when they are cut short, go on, or claim more than there is', () => {
    const packed = packReturns(someReturns(2, { days: 10 }));
    expect(() => unpackReturns(packed.subarray(0, -1))).toThrow('no return series');
    expect(() => unpackReturns(Uint8Array.from([...packed, 0]))).toThrow('no return series');
    expect(() => unpackReturns(packReturns({ firstDay: 1, days: 1_000_000, trials: [1, 2], series: [] }))).toThrow(
      'no return series',
    );
    expect(() => decompressReturns(packed)).toThrow('no return series');
  });
});
