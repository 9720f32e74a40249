import { describe, expect, it } from 'vitest';
import { Amount, money, priceOf } from '#bot/proposers/claude/money.ts';
import fc from '#tests/support/properties.ts';

const NONE = { input: 0, output: 0, cacheWrite: 0, cacheRead: 0 };
const PRICE = { input: 5_000_000, output: 25_000_000, cacheWrite: 6_250_000, cacheRead: 500_000 };

describe('an amount of money', () => {
  it.each([
    [5, 5_000_000],
    ['6.25', 6_250_000],
    [0.1, 100_000],
    ['0.000001', 1],
    [0, 0],
  ])('is read digit by digit: %j is %j millionths', (written, micros) => expect(Amount.parse(written)).toBe(micros));

  it.each([-1, '1.0000001', 1e-7, 1e21, 'five', '1,5', '', Number.NaN, null])('is not %j', (written) => {
    expect(Amount.safeParse(written).success).toBe(false);
  });

  it('is shown so that it reads back as the same', () => {
    expect([12_500_000, 3_417, 1_234_567_000_000, 0].map(money)).toEqual(['12.50', '0.003417', '1,234,567.00', '0.00']);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9_999_999_999_999 }), (micros) => {
        expect(Amount.parse(money(micros).replaceAll(',', ''))).toBe(micros);
      }),
    );
  });
});

describe('the price of tokens', () => {
  it('is each kind at its own price', () => {
    expect(priceOf({ input: 1_000, output: 100, cacheWrite: 2_000, cacheRead: 10_000 }, PRICE)).toBe(
      5_000 + 2_500 + 12_500 + 5_000,
    );
  });

  it('is rounded up once, so that nothing is free', () => {
    expect(priceOf({ ...NONE, cacheRead: 1 }, PRICE)).toBe(1);
    expect(priceOf({ ...NONE, cacheRead: 3 }, PRICE)).toBe(2);
    expect(priceOf(NONE, PRICE)).toBe(0);
  });

  it('is exact beyond what a binary fraction holds', () => {
    expect(priceOf({ ...NONE, output: 1_000_000_001 }, { ...PRICE, output: 25_000_001 })).toBe(25_000_001_026);
  });
});
