import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { analyse } from '#engine/analysis/analyse.ts';
import { EngineStore, type NewDecision, type NewTrade } from '#engine/store/engine-store.ts';
import { built } from './module-of.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** 27 September 2026, a Sunday, at midnight. */
const SUNDAY = Date.UTC(2026, 8, 27);
const NOW = SUNDAY + 20 * DAY;

const TRADES: readonly (Partial<NewTrade> & { readonly from: number; readonly hours: number; readonly net: number })[] = [
  { from: SUNDAY + 9 * DAY + 3 * HOUR, hours: 0.5, net: -8, exitCause: 'stop' },
  { from: SUNDAY + 10 * DAY + 3 * HOUR, hours: 2, net: -1, symbol: 'ETH/USDT' },
  { from: SUNDAY + 14 * DAY + 23 * HOUR, hours: 48, net: 30, version: 't2' },
  { from: SUNDAY + 17 * DAY, hours: 10, net: 6, version: 't2' },
];

type Figures = Record<string, unknown>;
interface Told {
  readonly strategies: Record<string, Record<string, Record<string, Figures>>>;
  readonly positions: readonly Figures[];
  readonly positionsByAge: Figures;
  readonly refusals: readonly Figures[];
}
let dir: string;
let told: Told;
/** The same trades, with two bars missing. */
let holey: Told;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ratchet-trades-'));
  const store = EngineStore.open(dir);
  const deployment = store.addDeployment({
    strategy: 'cross',
    treeHash: 't2',
    commitHash: 'c',
    stage: 'paper',
    artifact: 'a',
    instant: SUNDAY,
    loadedAt: 0,
    barMs: HOUR,
    symbols: 2,
  });
  const step = (instant: number, decisions: readonly NewDecision[], trades: readonly NewTrade[] = []) =>
    store.addStep({ strategy: 'cross', treeHash: 't2', instant, fills: [], trades, denials: [], decisions, equity: 1000 });
  const order = { symbol: 'BTC/USDT', action: 'target', reason: 'cross', outcome: 'accepted' };
  step(SUNDAY + 14 * DAY + 23 * HOUR, [{ ...order, terms: '{"weight":0.4,"horizonBars":48}' }]);
  step(SUNDAY + 15 * DAY, [{ ...order, terms: '{"weight":0}' }]);
  step(SUNDAY + 18 * DAY, [{ ...order, outcome: 'denied:paused', terms: null }]);
  step(SUNDAY + 18 * DAY + HOUR, [{ ...order, outcome: 'denied:cash', terms: null }]);
  for (const { from, hours, net, ...rest } of TRADES) {
    const trade = {
      symbol: 'BTC/USDT',
      entryTime: from,
      exitTime: from + hours * HOUR,
      entryPrice: 100,
      exitPrice: 100,
      quantity: 1,
      fees: 2,
      netResult: net,
      netReturn: net / 100,
      barsHeld: Math.floor(hours),
      maxAdverseExcursion: 0,
      maxFavourableExcursion: 0,
      entryReason: 'cross',
      exitReason: 'left',
      exitCause: 'decision',
      version: 't1',
      ...rest,
    };
    step(from + hours * HOUR + 1, [], [trade]);
  }
  const position = { symbol: 'BTC/USDT', quantity: 2, entryPrice: 100, barsHeld: 5 };
  const standing = { account: '{}', memory: '{}', positions: JSON.stringify([position]) };
  store.setStanding({ strategy: 'cross', deployment, instant: NOW, ...standing });
  store.close();

  // Rises for eleven days and a half and falls after, by 1 % give or take 0.1 % an hour.
  const time = Float64Array.from({ length: 20 * 24 }, (_, at) => SUNDAY + at * HOUR);
  let price = 100;
  const close = time.map((open, at) => {
    price *= Math.exp((open < SUNDAY + 11.5 * DAY ? 0.01 : -0.01) + (at % 2 === 0 ? 0.001 : -0.001));
    return price;
  });
  close[close.length - 1] = 110;
  const columns = { time, open: close, high: close, low: close, close, volume: time.map(() => 1) };
  const span = { from: SUNDAY, to: NOW };
  const artifact = await built('trades.ts', readFileSync('strategies/analysis/trades.ts', 'utf8'));
  const ask = async (isThere: (at: number) => boolean) => {
    const kept = (column: Float64Array) => column.filter((_, at) => isThere(at));
    const shown = Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, kept(column)])) as typeof columns;
    const candles = [{ symbol: 'BTC/USDT', timeframe: '1h' as const, part: 'since' as const, span, columns: shown }];
    return (await analyse(artifact, { store: dir, asOf: NOW, candles })) as unknown as Told;
  };
  told = await ask(() => true);
  // Of the days before the third trade one hour is not there; of the last one the hour that closed when it was opened.
  holey = await ask((at) => at !== 10 * 24 && at !== 17 * 24 - 1);
});

afterAll(() => rmSync(dir, { recursive: true }));

const counts = (name: string) =>
  Object.fromEntries(Object.entries(told.strategies.cross![name]!).map(([key, figures]) => [key, figures.trades]));

describe('performance', () => {
  it('is measured with how uncertain it is', () => {
    // Returns −0.08, −0.01, 0.3 and 0.06 have the mean 0.0675 and the squares from it 0.021756…, 0.006006…, 0.054056…, 0.000056….
    const squares = 0.1475 ** 2 + 0.0775 ** 2 + 0.2325 ** 2 + 0.0075 ** 2;
    expect(told.strategies.cross!.all).toEqual({
      trades: 4,
      netResult: 27,
      fees: 8,
      winRate: 0.5,
      // Wilson for 2 of 4: (0.5 + 0.4802 ± 1.96 · √(0.0625 + 0.060025)) / 1.9604.
      winRateInterval: [
        expect.closeTo((0.9802 - 1.96 * Math.sqrt(0.122525)) / 1.9604, 12),
        expect.closeTo((0.9802 + 1.96 * Math.sqrt(0.122525)) / 1.9604, 12),
      ],
      expectancy: expect.closeTo(0.0675, 12),
      error: expect.closeTo(Math.sqrt(squares / 3) / 2, 12),
      profitFactor: 36 / 9,
      best: 0.3,
      worst: -0.08,
    });
  });

  it('has a win rate between those shares of which it is just not too far, by 1.96 of their own standard errors', () => {
    const groups = Object.values(told.strategies.cross!.byHoldingTime!).concat([told.strategies.cross!.all as Figures]);
    for (const { trades, winRate, winRateInterval } of groups) {
      for (const share of winRateInterval as readonly number[])
        expect(Math.abs(Number(winRate) - share)).toBeCloseTo(1.96 * Math.sqrt((share * (1 - share)) / Number(trades)), 12);
    }
  });

  it('of one trade has no error, and without a losing one no profit factor', () => {
    expect(told.strategies.cross!.byHoldingTime!['4 h to 1 d']).toMatchObject({ trades: 1, error: null, profitFactor: null });
  });

  it.each([
    ['bySymbol', { 'BTC/USDT': 3, 'ETH/USDT': 1 }],
    ['byVersion', { t1: 2, t2: 2 }],
    ['byHour', { '3 h': 2, '23 h': 1, '0 h': 1 }],
    ['byWeekday', { Tuesday: 1, Wednesday: 2, Sunday: 1 }],
    ['byHoldingTime', { 'under 1 h': 1, '1 h to 4 h': 1, '1 d to 3 d': 1, '4 h to 1 d': 1 }],
    ['byExit', { stop: 1, decision: 3 }],
    // The order to leave, and those before the first, say nothing of an entry.
    ['byHorizon', { none: 2, '48 bars': 2 }],
    // Seven days before the first all was rising. There are no bars of the second's market; the others' days hold the turn, or the fall alone.
    ['byRegime', { rising: 1, 'unknown: no bar of then is shown': 1, sideways: 1, falling: 1 }],
  ])('is cut %s', (name, expected) => {
    expect(counts(name)).toEqual(expected);
  });

  it('is of no regime where a bar of its days is missing', () => {
    const regimes = Object.entries(holey.strategies.cross!.byRegime!).map(([name, { trades }]) => [name, trades]);
    expect(Object.fromEntries(regimes)).toEqual({
      rising: 1,
      'unknown: no bar of then is shown': 2,
      'unknown: a bar of the 7 days is missing': 1,
    });
  });

  it('is told over the newest days and the newest trades', () => {
    const { windows } = told.strategies.cross!;
    expect(windows!['7d']).toMatchObject({ trades: 2, netResult: 36 });
    expect(windows!['30d']).toMatchObject({ trades: 4, netResult: 27 });
    expect(windows!['10 trades']).toBeNull();
  });

  it('is told window by window, side by side, none before the first trade', () => {
    const { windowSeries } = told.strategies.cross!;
    expect(windowSeries!['7d']).toMatchObject([
      { to: NOW - 7 * DAY, trades: 2, netResult: -9, winRate: 0 },
      { to: NOW, trades: 2, netResult: 36, winRate: 1 },
    ]);
    expect(windowSeries!['30d']).toMatchObject([{ to: NOW, trades: 4, netResult: 27, winRate: 0.5 }]);
  });

  it('says what fees did', () => {
    // Gross −6, 1, 32 and 8: 35 in all, 47 moved; the second won before its fees.
    expect(told.strategies.cross!.fees).toEqual({
      gross: 35,
      fees: 8,
      net: 27,
      share: expect.closeTo(8 / 47, 12),
      turnedByFees: 1,
      breakEven: 35 / 8,
    });
  });
});

describe('what is held and what was refused', () => {
  it('is told with its age, how many closed trades were over by then, and what it would bring', () => {
    expect(told.positions).toEqual([
      {
        strategy: 'cross',
        symbol: 'BTC/USDT',
        barsHeld: 5,
        hours: 5,
        olderThan: 0.5,
        openReturn: expect.closeTo(0.1, 12),
        openResult: expect.closeTo(20, 12),
        unknown: {},
      },
    ]);
  });

  it('is told by its age', () => {
    expect(told.positionsByAge).toEqual({
      cross: { '4 h to 1 d': { positions: 1, valued: 1, openResult: expect.closeTo(20, 12) } },
    });
  });

  it('is counted by what refused it, as a share of the signals', () => {
    expect(told.refusals).toEqual([
      { strategy: 'cross', code: 'cash', times: 1, last: SUNDAY + 18 * DAY + HOUR, share: 0.25 },
      { strategy: 'cross', code: 'paused', times: 1, last: SUNDAY + 18 * DAY, share: 0.25 },
    ]);
  });
});
