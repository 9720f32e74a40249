import { Big } from 'big.js';
import { describe, expect, it } from 'vitest';
import { roundingOf } from '#engine/trading/rounding.ts';

const cheap = {
  ...{ base: 'DOGE', quote: 'USD', stepSize: new Big('0.00000001'), tickSize: new Big('0.0000001') },
  ...{ baseUnit: new Big('0.00000001'), quoteUnit: new Big('0.0001') },
};
const dear = { base: 'BTC', quote: 'USD', stepSize: new Big('0.0001'), tickSize: new Big('0.1') };
const of = (asset: string, fills: number, ...markets: Parameters<typeof roundingOf>[1][]) =>
  roundingOf(
    asset,
    markets.flatMap((each) => [...each]),
    fills,
  ).toFixed();

describe('what may be rounding', () => {
  it('is a unit of the asset for the balance and for each fill, where that is more than a tick', () => {
    expect(of('USD', 0, [cheap])).toBe('0.0001');
    expect(of('USD', 9, [cheap])).toBe('0.001');
    expect(of('DOGE', 9, [cheap])).toBe('0.0000001');
  });

  it('is no more than a tick or a step where those are coarse, however much is traded', () => {
    expect(of('USD', 900, [dear])).toBe('0.1');
    expect(of('BTC', 900, [dear])).toBe('0.0001');
    expect(of('USD', 900, [cheap, dear])).toBe('0.1');
  });

  it('comes to an end: of a hundred thousand fills not all have rounded the same way', () => {
    expect(of('USD', 100_000, [cheap])).toBe('0.1001');
  });

  it('is next to nothing of what the venue says nothing of', () => {
    expect(of('USD', 4, [{ ...dear, tickSize: new Big('0.00000001') }])).toBe('0.00000005');
    expect(of('BNB', 4, [dear])).toBe('0.00000005');
  });
});
