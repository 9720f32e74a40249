import { describe, expect, it } from 'vitest';
import { csvHeader, parseCsv } from '#engine/candles/parse-csv.ts';
import fc from '#tests/support/properties.ts';

const encoder = new TextEncoder();
const closesOf = (texts: readonly string[]) => {
  const lines = texts.map((text, index) => `${index},1,1,1,${text},${text}`);
  return parseCsv(encoder.encode([csvHeader, ...lines].join('\n')), 'test.csv');
};

describe('parsing numbers by hand', () => {
  it('gives the doubles JavaScript reads, for any decimal text', () => {
    const digits = (most: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${most}}$`));
    const number = fc
      .tuple(digits(22), fc.option(digits(24)))
      .map(([whole, part]) => (part === null ? whole : `${whole}.${part}`));
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 20 }), (texts) => {
        const columns = closesOf(texts);
        expect([...columns.close]).toEqual(texts.map(Number));
        expect([...columns.volume]).toEqual(texts.map(Number));
      }),
      { numRuns: 2_000 },
    );
  });

  it('gives back any double that was printed', () => {
    const printed = fc.double({ min: 1e-30, max: 1e30, noNaN: true }).map(String);
    fc.assert(
      fc.property(fc.array(printed, { minLength: 1, maxLength: 20 }), (texts) => {
        expect([...closesOf(texts).close]).toEqual(texts.map(Number));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(['', '.', '.5', '5.', '1e', '1e+', '+1', '0x10', '1_000', '1,5', ' 1', '1 ', 'null', '٣', '"1"', 'Infinity', '--1'])(
    'refuses %j',
    (text) => {
      expect(() => closesOf(['1', text, '1'])).toThrow(/test.csv, line 3/);
    },
  );
});
