import { describe, expect, it } from 'vitest';
import { type BreakdownInputs, breakdownsOf } from '#engine/backtest/metrics/breakdowns.ts';
import { marketRegimes } from '#engine/backtest/metrics/market-regimes.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import type { Trade } from '#engine/simulation/types.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const JANUARY = Date.UTC(2024, 0, 1);

function trade(part: Partial<Trade>): Trade {
  return {
    symbol: 'A/USDT',
    entryTime: JANUARY,
    exitTime: JANUARY + HOUR_MS,
    entryPrice: 1,
    exitPrice: 1,
    quantity: 1,
    fees: 1,
    netResult: 5,
    netReturn: 0.05,
    barsHeld: 1,
    maxAdverseExcursion: 0,
    maxFavourableExcursion: 0,
    entryReason: 'in',
    exitReason: 'out',
    exitCause: 'decision',
    version: '',
    ...part,
  };
}

/** One bar a day with these closes. */
function daily(closes: readonly number[], from = JANUARY): CandleColumns {
  const column = Float64Array.from(closes);
  const time = column.map((_, day) => from + day * DAY_MS);
  return { time, open: column, high: column, low: column, close: column, volume: column.map(() => 1) };
}

function inputs(part: Partial<BreakdownInputs>): BreakdownInputs {
  const columns = new Map([
    ['A/USDT', daily([])],
    ['B/USDT', daily([])],
  ]);
  return { trades: [], equity: { time: [], value: [] }, capital: 100, columns, ...part };
}

describe('a result taken apart', () => {
  it('by symbol names every declared one, with nulls where nothing was traded', () => {
    const { bySymbol } = breakdownsOf(inputs({ trades: [trade({}), trade({ netResult: -2, netReturn: -0.03, barsHeld: 4 })] }));
    expect(bySymbol).toEqual([
      {
        key: 'A/USDT',
        trades: 2,
        netResult: 3,
        fees: 2,
        expectancy: expect.closeTo(0.01, 12),
        winRate: 0.5,
        profitFactor: 2.5,
        averageHoldBars: 2.5,
      },
      {
        key: 'B/USDT',
        trades: 0,
        netResult: 0,
        fees: 0,
        expectancy: null,
        winRate: null,
        profitFactor: null,
        averageHoldBars: null,
      },
    ]);
  });

  it('by month compounds the days that end in it and counts the trades closed in it', () => {
    // 31 days of January, 2 of February; a point at midnight ends the day before
    const time = Array.from({ length: 33 }, (_, day) => JANUARY + (day + 1) * DAY_MS);
    const value = time.map((_, day) => (day < 31 ? 110 : day === 31 ? 99 : 108.9));
    const trades = [
      trade({ exitTime: Date.UTC(2024, 1, 1) - HOUR_MS }),
      trade({ exitTime: Date.UTC(2024, 1, 1) }),
      trade({ exitTime: Date.UTC(2024, 2, 1), exitCause: 'end-of-data' }),
    ];
    const { byMonth } = breakdownsOf(inputs({ trades, equity: { time, value } }));
    expect(byMonth).toMatchObject([
      { key: '2024-01', days: 31, netReturn: expect.closeTo(0.1, 12), trades: 1 },
      { key: '2024-02', days: 2, netReturn: expect.closeTo(0.9 * 1.1 - 1, 12), trades: 2 },
    ]);
  });

  it('by hour of entry and by how long it was held shows what was traded only', () => {
    const entryTime = JANUARY + 13 * HOUR_MS;
    const held = (hours: number) => trade({ entryTime, exitTime: entryTime + hours * HOUR_MS });
    const { byHour, byHorizon } = breakdownsOf(inputs({ trades: [held(1), held(2), held(4), held(25), held(24 * 40)] }));
    expect(byHour.map(({ key, trades }) => [key, trades])).toEqual([['13', 5]]);
    expect(byHorizon.map(({ key, trades }) => [key, trades])).toEqual([
      ['up to 1 hour', 1],
      ['up to 4 hours', 2],
      ['up to 3 days', 1],
      ['longer', 1],
    ]);
  });

  it('by regime splits days and trades by what the market was doing, and loses none', () => {
    const closes = [100];
    for (let day = 1; day < 120; day += 1) closes.push(closes[day - 1]! * (1 + (day < 60 ? 0 : 0.01) + 0.004 * ((day % 3) - 1)));
    const time = closes.map((_, day) => JANUARY + (day + 1) * DAY_MS);
    const trades = [trade({}), trade({ entryTime: JANUARY + 110 * DAY_MS })];
    const { byRegime } = breakdownsOf(
      inputs({ trades, equity: { time, value: closes }, columns: new Map([['A/USDT', daily(closes)]]) }),
    );
    expect(byRegime.reduce((sum, { days }) => sum + days, 0)).toBe(120);
    const grown = byRegime.reduce((product, { netReturn }) => product * (1 + netReturn), 1);
    expect(grown).toBeCloseTo(closes.at(-1)! / 100, 9);
    expect(byRegime.find(({ key }) => key === 'unknown')).toMatchObject({ trades: 1, days: 61 });
    expect(byRegime.filter(({ key }) => key.startsWith('rising')).reduce((sum, { trades: count }) => sum + count, 0)).toBe(1);
  });

  it('of nothing is empty', () => {
    expect(breakdownsOf(inputs({}))).toMatchObject({ byMonth: [], byRegime: [], byHour: [], byHorizon: [] });
  });
});

describe('the regime of a day', () => {
  const noise = (day: number): number => 0.004 * (((day * 7) % 5) - 2);
  const path = (drift: (day: number) => number, shake = (_day: number) => 1): number[] => {
    const closes = [100];
    for (let day = 1; day < 200; day += 1) closes.push(closes[day - 1]! * Math.exp(drift(day) + shake(day) * noise(day)));
    return closes;
  };
  const regimeOn = (closes: readonly number[], day: number): string | undefined =>
    marketRegimes(new Map([['A', daily(closes)]])).get(JANUARY / DAY_MS + day);

  it('tells rising, falling and sideways markets', () => {
    expect(
      regimeOn(
        path(() => 0.005),
        150,
      ),
    ).toMatch(/^rising/);
    expect(
      regimeOn(
        path(() => -0.005),
        150,
      ),
    ).toMatch(/^falling/);
    expect(
      regimeOn(
        path(() => 0),
        150,
      ),
    ).toMatch(/^sideways/);
  });

  it('tells calm from volatile by what the market was used to', () => {
    const louder = path(
      () => 0,
      (day) => (day > 140 ? 4 : 1),
    );
    const quieter = path(
      () => 0,
      (day) => (day > 140 ? 0.2 : 1),
    );
    expect(regimeOn(louder, 180)).toBe('sideways, volatile');
    expect(regimeOn(quieter, 180)).toBe('sideways, calm');
  });

  it('is unknown before there are sixty days to judge by', () => {
    const closes = path(() => 0.005);
    expect(regimeOn(closes, 60)).toBe('unknown');
    expect(regimeOn(closes, 61)).toMatch(/^rising/);
  });

  it('is known when the day begins: what comes on the day and after changes nothing', () => {
    const closes = path(() => 0.002);
    for (let day = 62; day < 200; day += 1) {
      const poisoned = closes.map((close, index) => (index < day ? close : close * 7));
      expect(regimeOn(poisoned, day)).toBe(regimeOn(closes, day));
    }
  });
});
