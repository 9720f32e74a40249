import { describe, expect, it } from 'vitest';
import { allocateColumns } from '#engine/candles/candle-columns.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import { PricePath } from '#engine/venues/rehearsal/price-path.ts';
import fc from '#tests/support/properties.ts';

/** Bars so short that every millisecond of them can be looked at. */
const barMs = 40;

const price = fc.integer({ min: 900, max: 1_100 }).map((cents) => cents / 10);
const bar = fc.tuple(price, price, price, price, fc.integer({ min: 0, max: 2 }));

/** Bars whose high and low hold their open and close; now and then some are missing. */
function columnsOf(rows: readonly (readonly [number, number, number, number, number])[]): CandleColumns {
  const columns = allocateColumns(rows.length);
  let time = 1_000_000;
  for (const [index, [open, one, other, close, missing]] of rows.entries()) {
    columns.time[index] = time;
    columns.open[index] = open;
    columns.high[index] = Math.max(open, one, other, close);
    columns.low[index] = Math.min(open, one, other, close);
    columns.close[index] = close;
    columns.volume[index] = 1;
    time += barMs * (1 + missing);
  }
  return columns;
}

describe('a price path', () => {
  it('reaches a level at the first millisecond in which its price is there, and at no other', () => {
    const direction = fc.constantFrom('down' as const, 'up' as const);
    fc.assert(
      fc.property(
        fc.array(bar, { minLength: 1, maxLength: 6 }),
        price,
        direction,
        fc.integer({ min: -30, max: 300 }),
        (rows, level, side, after) => {
          const path = new PricePath(columnsOf(rows), barMs);
          const from = 1_000_000 + after;
          const isThere = (time: number) =>
            side === 'down' ? path.priceAt(time) <= level + 1e-9 : path.priceAt(time) >= level - 1e-9;
          let first = from;
          while (first <= path.end && !isThere(first)) first += 1;
          const expected = first > path.end && !isThere(first) ? Number.POSITIVE_INFINITY : first;
          expect(path.firstReach(from, side, level)).toBe(expected);
        },
      ),
    );
  });

  it('stays within its bars, and any bars made of it are those that its milliseconds make', () => {
    fc.assert(
      fc.property(
        fc.array(bar, { minLength: 1, maxLength: 5 }),
        fc.nat(200),
        fc.integer({ min: 1, max: 120 }),
        (rows, after, length) => {
          const path = new PricePath(columnsOf(rows), barMs);
          const start = 1_000_000 + after;
          const prices: number[] = [];
          for (let time = start; time < start + length; time += 1) {
            const index = path.indexAt(time);
            if (time < path.columns.time[index]! + barMs) prices.push(path.priceAt(time));
          }
          const made = path.between(start, start + length);
          if (prices.length === 0) expect(made).toBeNull();
          else {
            expect(made).toMatchObject({ open: prices[0], close: prices.at(-1) });
            expect(made!.high).toBeCloseTo(Math.max(...prices), 9);
            expect(made!.low).toBeCloseTo(Math.min(...prices), 9);
          }
        },
      ),
    );
  });
});
