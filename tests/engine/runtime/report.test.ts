import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tradingLimits } from '#engine/risk/trading-limits.ts';
import { ReportComposer } from '#engine/runtime/compose-report.ts';
import { initialControl } from '#engine/runtime/control.ts';
import { keepLimits } from '#engine/runtime/limits.ts';
import { parseReport, reportText } from '#engine/runtime/report.ts';
import { ReportKeeper } from '#engine/runtime/report-keeper.ts';
import type { SlotOutcome } from '#engine/runtime/slot-outcome.ts';
import { Simulation } from '#engine/simulation/simulation.ts';
import { EngineStore, type NewDecision, type NewTrade, type StrategyStep } from '#engine/store/engine-store.ts';
import { TierSettings } from '#engine/store/tiers/tier-settings.ts';
import { RiskKeeper } from '#engine/trading/risk-keeper.ts';
import { hourMs, rules } from './engine-fixture.ts';

const begin = Date.UTC(2024, 2, 1);
const markets = { 'BTC/USDT': rules, 'ETH/USDT': rules };

let dir: string;
let store: EngineStore;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ratchet-report-'));
  store = EngineStore.open(dir);
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

const trade = (entry: number, exit: number, netResult: number, part: Partial<NewTrade> = {}): NewTrade => ({
  symbol: 'BTC/USDT',
  entryTime: begin + entry * hourMs,
  exitTime: begin + exit * hourMs,
  entryPrice: 100,
  exitPrice: 101,
  quantity: 1,
  fees: 2,
  netResult,
  netReturn: netResult / 100,
  barsHeld: exit - entry,
  maxAdverseExcursion: 0,
  maxFavourableExcursion: 0,
  entryReason: 'in',
  exitReason: 'out',
  exitCause: 'decision',
  version: 'tree',
  ...part,
});
const decision = (outcome: string, part: Partial<NewDecision> = {}): NewDecision => ({
  symbol: 'BTC/USDT',
  action: outcome === 'held' ? 'hold' : 'target',
  reason: 'because',
  outcome,
  terms: outcome === 'accepted' ? '{}' : null,
  ...part,
});

/** One bar of the strategy; `hour` is that at which it closed. */
function step(strategy: string, hour: number, equity: number, part: Partial<StrategyStep> = {}): void {
  const instant = begin + hour * hourMs;
  store.addStep({ strategy, treeHash: 'tree', instant, fills: [], trades: [], denials: [], decisions: [], equity, ...part });
  store.setFeedTime(instant);
}

/** Puts a strategy's deployment and account on record, as the engine does after its first bar. */
function load(
  strategy: string,
  account = new Simulation({ symbols: ['BTC/USDT'], markets, capital: 1000, barMs: hourMs }),
): void {
  const deployment = store.addDeployment({
    strategy,
    treeHash: 'tree',
    commitHash: 'commit',
    stage: 'paper',
    artifact: 'sha256:0',
    instant: begin,
    loadedAt: 7,
    barMs: 3_600_000,
    symbols: 2,
  });
  store.setStanding({
    strategy,
    deployment,
    instant: begin,
    account: JSON.stringify(account.snapshot()),
    memory: JSON.stringify({ state: null, restartsLeft: 1, heldReason: null, timeframe: '1h' }),
    positions: '[]',
  });
}

const compose = () => new ReportComposer(store, markets).compose(initialControl);

describe('the report', () => {
  it('says how the account did, from trades and equity', () => {
    load('trend');
    step('trend', 1, 1000);
    step('trend', 2, 1100, { trades: [trade(0, 1, 30)] });
    step('trend', 3, 990, { trades: [trade(1, 2, -10)] });
    step('trend', 4, 1045, { trades: [trade(3, 3, -5)] });
    expect(compose().strategies[0]).toMatchObject({
      id: 'trend',
      stage: 'paper',
      tree: 'tree',
      commit: 'commit',
      loadedAt: 7,
      loadedInstant: begin,
      performance: {
        since: begin + hourMs,
        trades: 3,
        wins: 1,
        winRate: 1 / 3,
        netResult: 15,
        fees: 6,
        expectancy: expect.closeTo(0.05, 12),
        profitFactor: 2,
        maxDrawdown: expect.closeTo(0.1, 12),
        drawdownNow: expect.closeTo(0.05, 12),
        // In the first two of the four bars.
        exposure: 0.5,
      },
    });
  });

  it('has nothing to divide by before the first trade, and says so', () => {
    load('trend');
    expect(compose().strategies[0]).toMatchObject({
      equity: 1000,
      performance: {
        since: null,
        trades: 0,
        winRate: null,
        expectancy: null,
        profitFactor: null,
        maxDrawdown: 0,
        exposure: null,
      },
      trades: [],
      decisions: [],
      denials: {},
      dailyEquity: [],
    });
    step('trend', 1, 1000, { trades: [trade(0, 1, 5)] });
    expect(compose().strategies[0]!.performance).toMatchObject({ winRate: 1, profitFactor: null, exposure: 1 });
  });

  it('counts time in which two symbols were held once', () => {
    load('trend');
    for (let hour = 1; hour <= 10; hour += 1) step('trend', hour, 1000);
    step('trend', 11, 1000, { trades: [trade(2, 4, 1), trade(3, 5, 1, { symbol: 'ETH/USDT' }), trade(1, 6, 1)] });
    step('trend', 12, 1000, { trades: [trade(8, 9, 1)] });
    expect(compose().strategies[0]!.performance.exposure).toBe(6 / 12);
  });

  it('shows what is held at the last close, and the nearer of its stops', () => {
    const account = new Simulation({ symbols: ['BTC/USDT', 'ETH/USDT'], markets, capital: 1000, barMs: hourMs });
    const bar = (hour: number, price: number) =>
      account.onBars(
        ['BTC/USDT', 'ETH/USDT'].map((symbol) => ({
          symbol,
          time: begin + hour * hourMs,
          open: price,
          high: price,
          low: price,
          close: price,
          volume: 1e6,
        })),
      );
    bar(0, 100);
    account.submit([
      { symbol: 'BTC/USDT', action: 'target', reason: 'in', weight: 0.5, stopLoss: 0.2, takeProfit: 0.5 },
      { symbol: 'ETH/USDT', action: 'target', reason: 'in', weight: 0.2, stopLoss: 0.2, trailingStop: 0.1 },
    ]);
    bar(1, 100);
    bar(2, 120);
    load('trend', account);
    step('trend', 1, 1000);
    step('trend', 2, 1000);
    step('trend', 3, account.equity());
    const { strategies, risk } = compose();
    const [report] = strategies;
    const [bitcoin, ether] = report!.positions;
    expect(bitcoin).toMatchObject({
      symbol: 'BTC/USDT',
      entryPrice: 100.04,
      price: 120,
      stop: 80.03,
      takeProfit: 150.06,
      barsHeld: 1,
    });
    expect(bitcoin!.unrealisedResult).toBeCloseTo(bitcoin!.quantity * (120 - 100.04), 9);
    expect(ether).toMatchObject({ symbol: 'ETH/USDT', stop: 108, takeProfit: null });
    expect(report!.equity).toBeCloseTo(report!.cash + (bitcoin!.quantity + ether!.quantity) * 120, 9);
    expect(report!.performance.exposure).toBe(2 / 3);
    expect(risk.map(({ code, strategy, limit }) => ({ code, strategy, limit }))).toEqual([
      { code: 'exposure', strategy: 'trend', limit: 1 },
      { code: 'largest-position', strategy: 'trend', limit: 1 },
    ]);
    expect(risk.map(({ used }) => used)).toEqual([
      expect.closeTo(1 - report!.cash / report!.equity, 12),
      expect.closeTo((bitcoin!.quantity * 120) / report!.equity, 12),
    ]);
  });

  it('shows the limits of the stage with what is used of them, as the engine counts it', () => {
    load('trend');
    const [row] = store.accounts();
    const watch = {
      tree: 'tree',
      stage: 'paper',
      since: begin,
      peak: 1200,
      instant: begin,
      equity: 900,
      dayOpening: 1000,
      breach: null,
    };
    store.setStanding({ ...row!, memory: JSON.stringify({ ...JSON.parse(row!.memory), watch }) });
    const losses = () => compose().risk.filter(({ code }) => code === 'drawdown' || code === 'daily-loss');
    expect(losses()).toEqual([]);
    keepLimits(store, { stages: { paper: { maxDrawdown: 0.5, dailyLoss: 0.2 }, live: { maxDrawdown: 0.1 } } });
    expect(losses()).toMatchObject([
      { code: 'drawdown', strategy: 'trend', limit: 0.5, used: 0.25, unit: 'share of the highest equity' },
      { code: 'daily-loss', strategy: 'trend', limit: 0.2, used: expect.closeTo(0.1, 12) },
    ]);
    keepLimits(store, { stages: { paper: { maxDrawdown: 0.5 } } });
    expect(losses().map(({ code }) => code)).toEqual(['drawdown']);
  });

  it('shows what all strategies of a venue account may lose together, and what is lost', () => {
    const keeper = new RiskKeeper(store.journal('kraken-1'));
    const limits = tradingLimits({ stages: {} }, 'live', false);
    for (const [hour, result] of [
      [1, 0],
      [2, 250],
      [3, 125],
    ] as const)
      keeper.noteEquity(begin + hour * hourMs, 1000, result, limits);
    store.transaction(() => keeper.write());
    keepLimits(store, { stages: {}, account: { maxDrawdown: 0.3 } });
    expect(compose().risk).toEqual([
      {
        code: 'account-drawdown',
        strategy: null,
        title: 'Fall of kraken-1 from its highest equity',
        limit: 0.3,
        used: 0.1,
        unit: 'share of the highest equity',
      },
      expect.objectContaining({ code: 'account-daily-loss', strategy: null, limit: 0.05, used: 0 }),
    ]);
  });

  it('counts what stopped decisions at once and orders later', () => {
    load('trend');
    step('trend', 1, 1000, { decisions: [decision('denied:paused'), decision('accepted', { symbol: 'ETH/USDT' })] });
    step('trend', 2, 1000, {
      decisions: [decision('denied:paused')],
      denials: [{ symbol: 'ETH/USDT', code: 'withdrawn', reason: 'because' }],
    });
    const [report] = compose().strategies;
    expect(report!.denials).toEqual({ paused: 2, withdrawn: 1 });
    expect(report!.decisions.map(({ symbol, outcome }) => `${symbol} ${outcome}`)).toEqual([
      'BTC/USDT denied:paused',
      'ETH/USDT denied:withdrawn',
      'BTC/USDT denied:paused',
    ]);
  });

  it('keeps the last equity of each day; a close at midnight ends the day before', () => {
    load('trend');
    for (const [hour, value] of [
      [23, 1],
      [24, 2],
      [25, 3],
      [72, 4],
    ] as const)
      step('trend', hour, value);
    expect(compose().strategies[0]!.dailyEquity).toEqual([
      ['2024-03-01', 2],
      ['2024-03-02', 3],
      ['2024-03-03', 4],
    ]);
  });

  it('leaves out what has been taken away', () => {
    load('trend');
    const [account] = store.accounts();
    store.setStanding({ ...account!, deployment: null });
    expect(compose().strategies).toEqual([]);
  });

  it('is the same whether it was read bit by bit or at once', () => {
    load('trend');
    const patient = new ReportComposer(store, markets);
    for (let hour = 1; hour <= 60; hour += 1) {
      step('trend', hour, 1000 + Math.sin(hour) * 50, {
        trades: hour % 3 === 0 ? [trade(hour - 2, hour - 1, Math.cos(hour) * 10)] : [],
        decisions: [decision(hour % 5 === 0 ? 'denied:no-free-cash' : 'held')],
      });
      if (hour % 7 === 0) patient.compose(initialControl);
    }
    expect(reportText(patient.compose(initialControl))).toBe(reportText(compose()));
  });

  it('is the same when bars have become runs, those that were read before and those that were not', () => {
    load('trend');
    const patient = new ReportComposer(store, markets);
    store.transaction(() => {
      for (let hour = 1; hour <= 120; hour += 1) {
        step('trend', hour, 1000 + Math.sin(hour) * 50, {
          trades: hour % 3 === 0 ? [trade(hour - 2, hour - 1, Math.cos(hour) * 10)] : [],
          decisions: [decision(hour % 5 === 0 ? 'denied:no-free-cash' : 'held')],
        });
        if (hour === 7) patient.compose(initialControl);
      }
    });
    const before = reportText(compose());
    const settings = TierSettings.parse({ recordedDays: 1, fiveMinuteDays: 1, hourDays: 1 });
    store.keepTiers(settings, store.lastFeedTime()!, { clock: () => 0, ms: 1 });
    expect(store.equitySeries().length).toBeLessThan(40);
    expect(reportText(compose())).toBe(before);
    expect(reportText(patient.compose(initialControl))).toBe(before);
    expect(reportText(patient.compose(initialControl))).toBe(before);
  });

  it('stays below a megabyte and its own bounds, whatever happened', () => {
    const long = 'x'.repeat(5000);
    store.transaction(() => {
      for (let index = 0; index < 25; index += 1) {
        const id = `strategy-${String(index).padStart(2, '0')}`;
        load(id);
        for (let hour = 1; hour <= 100; hour += 1) {
          step(id, hour * 24, 1000, {
            trades: [trade(hour, hour, 1 / 3, { entryReason: long, exitReason: long })],
            decisions: [decision('held', { reason: long })],
          });
        }
      }
    });
    const report = compose();
    expect(report.strategiesOmitted).toBe(5);
    const text = reportText(report);
    expect(parseReport(text)).toEqual(report);
    expect(text.length).toBeLessThan(1_000_000);
    const [first] = report.strategies;
    expect([first!.trades.length, first!.decisions.length, first!.dailyEquity.length]).toEqual([20, 20, 90]);
    expect(first!.performance.trades).toBe(100);
  });

  it.each(['', '{}', 'null', '{"schema":"ratchet/engine-report/9"}'])('that reads %j is refused in words', (text) => {
    expect(() => parseReport(text)).toThrow(expect.objectContaining({ code: 'engine/bad-report' }));
  });
});

describe('when a report is given', () => {
  const quiet: SlotOutcome = {
    steps: [{ strategy: 'trend', treeHash: 'tree', instant: 0, fills: [], trades: [], denials: [], decisions: [], equity: 0 }],
    faults: [],
    breached: null,
    adopted: null,
    rejected: null,
    left: null,
  };
  const traded: SlotOutcome = { ...quiet, steps: [{ ...quiet.steps[0]!, trades: [trade(0, 1, 1)] }] };
  let now = 0;
  const keeper = () => new ReportKeeper({ dir, reader: store, markets, clock: () => now, everyMs: 60_000 });
  /** The next bar, in the engine's order: the keeper hears of it, the record has it. */
  const bar = (kept: ReportKeeper, hour: number, outcome: SlotOutcome) => {
    kept.note(begin + hour * hourMs, [outcome]);
    step('trend', hour, 1000 + hour);
  };
  beforeEach(() => {
    now = 1_000_000;
    load('trend');
  });

  it('once at the start, and it stands in the folder', () => {
    const kept = keeper();
    const given = kept.take(initialControl, false);
    expect(parseReport(readFileSync(join(dir, 'report.json'), 'utf8'))).toEqual(given);
    expect(kept.take(initialControl, false)).toBeNull();
  });

  it('not for prices that move, within a day', () => {
    const kept = keeper();
    bar(kept, 1, quiet);
    kept.take(initialControl, false);
    now += 3_600_000;
    for (let hour = 2; hour <= 24; hour += 1) bar(kept, hour, quiet);
    expect(kept.dueIn()).toBe(Number.POSITIVE_INFINITY);
    expect(kept.take(initialControl, false)).toBeNull();
    bar(kept, 25, quiet);
    expect(kept.dueIn()).toBe(0);
    expect(kept.take(initialControl, false)?.asOf).toBe(begin + 25 * hourMs);
  });

  it('at most once a minute in a replay that trades at every bar', () => {
    const kept = keeper();
    let reports = 0;
    for (let hour = 1; hour <= 1000; hour += 1) {
      bar(kept, hour, traded);
      now += 200;
      if (kept.take(initialControl, false) !== null) reports += 1;
    }
    // 1000 bars of 0.2 s.
    expect(reports).toBe(4);
    expect(kept.dueIn()).toBeGreaterThan(0);
    now += kept.dueIn();
    expect(kept.take(initialControl, false)?.asOf).toBe(begin + 1000 * hourMs);
  });

  it('at once when the status goes out', () => {
    const kept = keeper();
    kept.take(initialControl, false);
    bar(kept, 1, traded);
    expect(kept.take(initialControl, false)).toBeNull();
    const paused = { ...initialControl, mode: 'paused' } as const;
    expect(kept.take(paused, true)).toMatchObject({ control: paused, asOf: begin + hourMs });
    expect(kept.take(paused, true)).toBeNull();
  });
});
