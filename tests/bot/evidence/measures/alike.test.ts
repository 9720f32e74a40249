import { describe, expect, it } from 'vitest';
import { correlation } from '#bot/evidence/measures/correlation.ts';
import { regimes } from '#bot/evidence/measures/regimes.ts';
import { RandomStream } from '#engine/candles/random-stream.ts';
import { simulateMarket } from '#engine/candles/simulate-market.ts';

const random = new RandomStream(2, 'alike');
const one = Array.from({ length: 100 }, () => random.normal());
const other = Array.from({ length: 100 }, () => random.normal());

describe('correlation', () => {
  it('is 1 with itself, -1 with its opposite, near 0 with what has nothing to do with it', () => {
    expect(correlation(one, one)).toBe(1);
    expect(
      correlation(
        one,
        one.map((value) => -2 * value),
      ),
    ).toBe(-1);
    expect(Math.abs(correlation(one, other)!)).toBeLessThan(0.3);
  });

  it('agrees with one worked out by hand', () => {
    const days = Array.from({ length: 20 }, (_, day) => day);
    // Σ(d - 9.5)² = 665 over the days; the half steps add -5 to the products and -5 to the squares of the other.
    const noisy = days.map((day) => day + (day % 2 === 0 ? 0.5 : -0.5));
    expect(correlation(days, noisy)).toBeCloseTo(660 / Math.sqrt(665 * 660), 12);
  });

  it('means nothing with few days or where one does not move', () => {
    expect(correlation(one.slice(0, 19), other.slice(0, 19))).toBeNull();
    expect(correlation(one, new Float64Array(100))).toBeNull();
    expect(correlation([], [])).toBeNull();
  });
});

describe('regimes', () => {
  const from = Date.UTC(2022, 0, 1);
  const columns = simulateMarket({ seed: 7, symbols: ['BTC/USDT'], timeframe: '1d', from, bars: 500 });
  const firstDay = from / 86_400_000 + 200;
  const returns = Float64Array.from({ length: 300 }, (_, day) => (day % 3 === 0 ? 0.01 : -0.004));
  const still = { returns: new Float64Array(300), trades: [] };

  it('share out every day once, and the results of them compound to the whole', () => {
    const rows = regimes({ returns, trades: [] }, still, firstDay, columns);
    expect(rows.reduce((sum, { days }) => sum + days, 0)).toBe(300);
    const whole = rows.reduce((equity, { candidate }) => equity * (1 + candidate.netReturn), 1);
    expect(whole).toBeCloseTo(
      returns.reduce((equity, value) => equity * (1 + value), 1),
      10,
    );
    expect(rows.length).toBeGreaterThan(2);
    expect(rows.every(({ incumbent }) => incumbent.netReturn === 0 && incumbent.trades === 0)).toBe(true);
  });

  it('call days unknown that have no past to tell by', () => {
    const early = regimes({ returns: [0.01], trades: [] }, { returns: [0], trades: [] }, from / 86_400_000 + 5, columns);
    expect(early).toEqual([
      {
        regime: 'unknown',
        days: 1,
        candidate: { netReturn: 0.010000000000000009, trades: 0 },
        incumbent: { netReturn: 0, trades: 0 },
      },
    ]);
  });
});
