import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StrategyFigures } from '#engine/runtime/strategy-figures.ts';
import { EngineStore, type NewDecision, type StrategyStep } from '#engine/store/engine-store.ts';
import { storePath } from '#engine/store/open-database.ts';
import { TierSettings } from '#engine/store/tiers/tier-settings.ts';
import { isLong } from '#tests/support/long.ts';
import fc from '#tests/support/properties.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 1);
const everything = { clock: () => 0, ms: 1 };
const settings = TierSettings.parse({ recordedDays: 1, fiveMinuteDays: 2, hourDays: 3 });

let dir: string;
let store: EngineStore;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ratchet-tiers-'));
  store = EngineStore.open(dir);
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

const hold: NewDecision = { symbol: 'BTC/USDT', action: 'hold', reason: 'no signal', outcome: 'held', terms: null };
const buy: NewDecision = { symbol: 'BTC/USDT', action: 'target', reason: 'cross', outcome: 'accepted', terms: '{"weight":1}' };
const refused: NewDecision = { ...buy, outcome: 'denied:paused', terms: null };

function step(instant: number, part: Partial<StrategyStep> = {}): void {
  const nothing = { fills: [], trades: [], denials: [], decisions: [hold] };
  store.addStep({ strategy: 'cross', treeHash: 't1', instant, equity: 1000, ...nothing, ...part });
}

function load(treeHash: string, instant: number): void {
  const rest = { strategy: 'cross', commitHash: 'c', stage: 'paper', artifact: 'a', barMs: MINUTE, symbols: 1 } as const;
  store.addDeployment({ ...rest, treeHash, instant, loadedAt: 0 });
}

/** Bought, sold, or gone by a person's hand, at that time. */
function market(event: 'buy' | 'sell' | 'gone', time: number): Pick<StrategyStep, 'fills' | 'trades'> {
  const symbol = 'BTC/USDT';
  const rest = { time, symbol, quantity: 0.1, price: 100, fee: 1, isMaker: false, cause: 'entry', reason: 'cross' };
  const money = { entryPrice: 100, exitPrice: 100, quantity: 0.1, fees: 2, netResult: -2, netReturn: -0.2 };
  const bars = { barsHeld: 1, maxAdverseExcursion: 0, maxFavourableExcursion: 0 };
  const words = { entryReason: 'cross', exitReason: 'over', exitCause: event === 'gone' ? 'by-hand' : 'decision', version: 't1' };
  const trade = { symbol, entryTime: time - 1, exitTime: time, ...money, ...bars, ...words };
  return { fills: event === 'gone' ? [] : [{ ...rest, side: event }], trades: event === 'buy' ? [] : [trade] };
}

function rows(sql: string): unknown[] {
  const raw = new Database(storePath(dir), { readonly: true });
  try {
    return raw.prepare(sql).all();
  } finally {
    raw.close();
  }
}

/** All that anybody is told of a record as of some times. */
function answers(asOfs: readonly number[]) {
  const last = store.lastIds();
  const figures = new StrategyFigures(1000);
  for (const span of store.equityAfter('cross', null)) figures.addEquity(span);
  return {
    figures: { ...figures.performance([], MINUTE), days: figures.dailyEquity },
    denials: store.denialCounts({ trade: 0, decision: 0, denial: 0 }, last),
    as: asOfs.map((asOf) => ({
      asOf,
      truths: ['t1', 't2', 't3'].map((tree) => store.truth('cross', tree, asOf, 0)),
      counts: store.counts(asOf),
      decisions: store.decisionCounts(asOf),
      equity: store.equity(asOf),
      last: store.equitySeries(asOf, 'cross').at(-1),
    })),
  };
}

describe('what was asked of a decision', () => {
  const checks = [{ check: 'paused', passed: false, value: 'paused', limit: 'active' }];

  it('is told with it, and what stopped its order later besides', () => {
    step(MINUTE, { decisions: [{ ...refused, checks }] });
    store.addStep({
      ...{ strategy: 'other', treeHash: 't1', instant: MINUTE, equity: 1, fills: [], trades: [], denials: [] },
      decisions: [{ ...buy, checks: [{ ...checks[0]!, check: 'halted', passed: true }] }],
    });
    step(2 * MINUTE, { decisions: [buy] });
    const denials = [{ symbol: 'BTC/USDT', code: 'expired', reason: 'cross' }];
    const traces = [{ symbol: 'BTC/USDT', instant: 2 * MINUTE, trace: [{ ...checks[0]!, check: 'over-order', passed: true }] }];
    step(3 * MINUTE, { decisions: [], denials, traces });
    expect(store.tracedDecisions(9).map(({ strategy, checks: asked }) => [strategy, asked])).toEqual([
      ['cross', checks],
      ['other', [{ ...checks[0]!, check: 'halted', passed: true }]],
      [
        'cross',
        [
          { ...checks[0]!, check: 'over-order', passed: true },
          { check: 'expired', passed: false, value: null, limit: null },
        ],
      ],
    ]);
  });

  it('goes when the decision becomes part of a run, and stays where it stays', () => {
    for (let minute = 1; minute <= 10; minute += 1) {
      const decision = minute === 3 ? buy : refused;
      step(START + minute * MINUTE, { decisions: [{ ...decision, checks }] });
    }
    store.keepTiers(TierSettings.parse({ recordedDays: 0 }), START + 10 * MINUTE, { clock: () => 0, ms: 1 });
    expect(rows('SELECT instant FROM decisionTraces')).toEqual([{ instant: START + 3 * MINUTE }]);
  });
});

describe('what has come of age', () => {
  it('becomes runs of five minutes, of an hour and of a day, and the newest stays bar by bar', () => {
    store.transaction(() => {
      for (let at = START + MINUTE; at <= START + 5 * DAY; at += MINUTE) step(at);
    });
    expect(store.keepTiers(settings, START + 5 * DAY, { clock: () => 0, ms: 1 })).toBe(true);
    const perDay = rows(`SELECT (instant - 1 - ${START}) / ${DAY} AS day, count(*) AS rows, sum(bars) AS bars FROM (
      SELECT instant, 1 AS bars FROM equity UNION ALL SELECT instant, bars FROM equityTiers) GROUP BY 1`);
    expect(perDay).toEqual([
      { day: 0, rows: 1, bars: 1440 },
      { day: 1, rows: 1, bars: 1440 },
      { day: 2, rows: 24, bars: 1440 },
      { day: 3, rows: 288, bars: 1440 },
      { day: 4, rows: 1440, bars: 1440 },
    ]);
    expect(rows('SELECT count(*) AS n FROM decisions')).toEqual([{ n: 1440 }]);
    expect(store.counts().decisions).toBe(5 * 1440);
    expect(store.keptInRunsUpTo()).toBe(START + 4 * DAY);
  });

  it('keeps open, high, low, close and the deepest fall of equity, and how many bars were held', () => {
    load('t1', START);
    const equity = [1000, 1200, 900, 1100, 1150];
    for (const [at, value] of equity.entries()) {
      const close = START + (at + 1) * MINUTE;
      step(close, { equity: value, ...(at === 1 ? market('buy', close) : at === 3 ? market('gone', close) : {}) });
    }
    store.keepTiers(settings, START + 2 * DAY, everything);
    expect(rows('SELECT * FROM equityTiers')).toEqual([
      {
        strategy: 'cross',
        instant: START + 5 * MINUTE,
        first: START + MINUTE,
        treeHash: 't1',
        open: 1000,
        high: 1200,
        low: 900,
        close: 1150,
        fall: 1 - 900 / 1200,
        bars: 5,
        held: 2,
      },
    ]);
    expect(rows('SELECT * FROM equity')).toEqual([]);
  });

  it('keeps every decision that became an order, with its order and what denied it, and counts the others by what they were', () => {
    load('t1', START);
    step(START + MINUTE, { decisions: [buy] });
    step(START + 2 * MINUTE, { denials: [{ symbol: 'BTC/USDT', code: 'expired', reason: 'cross' }] });
    step(START + 3 * MINUTE, { decisions: [refused] });
    step(START + 4 * MINUTE, { decisions: [refused] });
    step(START + 5 * MINUTE);
    const before = store.decisionCounts();
    store.keepTiers(settings, START + 2 * DAY, everything);
    expect(store.decisions(10)).toMatchObject([{ instant: START + MINUTE, outcome: 'denied:expired' }]);
    expect(rows('SELECT instant, first, outcome, times FROM decisionTiers ORDER BY instant')).toEqual([
      { instant: START + 4 * MINUTE, first: START + 3 * MINUTE, outcome: 'denied:paused', times: 2 },
      { instant: START + 5 * MINUTE, first: START + 2 * MINUTE, outcome: 'held', times: 2 },
    ]);
    expect(store.decisionCounts()).toEqual(before);
    expect(rows('SELECT count(*) AS n FROM orders')).toEqual([{ n: 1 }]);
  });

  it('keeps sixteen reasons of a symbol apart, so that numbers in them do not fill the disk', () => {
    const wide = TierSettings.parse({ recordedDays: 0, fiveMinuteDays: 0, hourDays: 10 });
    for (let at = 1; at <= 60; at += 1) {
      const reason = at % 2 === 0 ? 'often' : `rsi is ${at}`;
      step(START + at * MINUTE, { decisions: [{ ...hold, reason }] });
    }
    store.keepTiers(wide, START + DAY, everything);
    const kept = store.decisionCounts();
    expect(kept.slice(0, 2)).toMatchObject([
      { reason: 'often', count: 30 },
      { reason: '…', count: 15 },
    ]);
    expect(kept).toHaveLength(17);
    expect(kept.reduce((sum, { count }) => sum + count, 0)).toBe(60);
  });

  it('leaves bars alone that are alone in their bucket', () => {
    for (let at = 1; at <= 100; at += 1) step(START + at * HOUR);
    const settings = TierSettings.parse({ recordedDays: 0, fiveMinuteDays: 0, hourDays: 1000 });
    expect(store.keepTiers(settings, START + 100 * HOUR, everything)).toBe(true);
    expect(rows('SELECT count(*) AS n FROM equity')).toEqual([{ n: 100 }]);
    expect(rows('SELECT count(*) AS n FROM decisions')).toEqual([{ n: 100 }]);
  });

  it('is taken portion by portion, each whole: a run that ends after the first goes on with the second', () => {
    for (let at = START + MINUTE; at <= START + 3 * HOUR; at += MINUTE) step(at);
    const before = answers([START + 3 * HOUR]);
    let now = 0;
    const impatient = { clock: () => now++, ms: 1 };
    const bars = () => rows('SELECT count(*) AS n FROM equity');
    expect(store.keepTiers(settings, START + 1.5 * DAY, impatient)).toBe(false);
    expect(bars()).toEqual([{ n: 120 }]);
    expect(answers([START + 3 * HOUR])).toEqual(before);
    expect(store.keepTiers(settings, START + 1.5 * DAY, impatient)).toBe(false);
    expect(bars()).toEqual([{ n: 60 }]);
    store.keepTiers(settings, START + 1.5 * DAY, impatient);
    expect(store.keepTiers(settings, START + 1.5 * DAY, impatient)).toBe(true);
    expect(answers([START + 3 * HOUR])).toEqual(before);
  });

  it('stays as it was when a portion fails half-way', () => {
    for (let at = 1; at <= 10; at += 1) step(START + at * MINUTE);
    const raw = new Database(storePath(dir), { timeout: 0 });
    raw.exec("CREATE TRIGGER full BEFORE INSERT ON decisionTiers BEGIN SELECT RAISE(ABORT, 'disk full'); END");
    expect(() => store.keepTiers(settings, START + 2 * DAY, everything)).toThrow('disk full');
    expect(rows('SELECT count(*) AS n FROM equity')).toEqual([{ n: 10 }]);
    expect(store.keptInRunsUpTo()).toBeNull();
    raw.exec('DROP TRIGGER full');
    raw.close();
    expect(store.keepTiers(settings, START + 2 * DAY, everything)).toBe(true);
  });
});

describe('whoever asks', () => {
  it('is told the same of whole runs, to the last bit, whatever happened in them', () => {
    const bar = fc.record({
      gap: fc.constantFrom(1, 1, 1, 1, 2, 7, 90),
      equity: fc.double({ min: 500, max: 1500, noNaN: true }),
      kind: fc.constantFrom('hold', 'hold', 'hold', 'buy', 'refused'),
      event: fc.constantFrom('none', 'none', 'none', 'none', 'none', 'fill', 'denial', 'load', 'load again'),
    });
    fc.assert(
      fc.property(fc.array(bar, { minLength: 20, maxLength: 80 }), fc.integer({ min: 0, max: 3 }), (bars, days) => {
        let at = START + 17 * MINUTE;
        let trees = 1;
        let isHeld = false;
        const loads = [at];
        const isolated = mkdtempSync(join(dir, 'case-'));
        store.close();
        store = EngineStore.open(isolated);
        load('t1', at);
        store.transaction(() => {
          for (const { gap, equity, kind, event } of bars) {
            if (event === 'load' || event === 'load again') {
              trees += event === 'load' ? 1 : 0;
              load(`t${1 + (trees % 3)}`, at);
              loads.push(at);
            }
            at += gap * MINUTE;
            const kindOf = !isHeld ? 'buy' : equity < 1000 ? 'sell' : 'gone';
            const moved = event === 'fill' ? market(kindOf, at) : {};
            if (event === 'fill') isHeld = !isHeld;
            const denials = event === 'denial' ? [{ symbol: 'BTC/USDT', code: 'expired', reason: '' }] : [];
            const decisions = [kind === 'hold' ? hold : kind === 'buy' ? buy : refused];
            step(at, { treeHash: `t${1 + (trees % 3)}`, equity, decisions, denials, ...moved });
          }
        });
        const midnights = [1, 2, 3].map((day) => START + day * DAY);
        const asOfs = [...loads, ...midnights, at];
        const before = answers(asOfs);
        for (const later of [0, 2, 5]) {
          store.keepTiers(settings, at + (days + later) * DAY, everything);
          expect(answers(asOfs)).toEqual(before);
        }
      }),
      { numRuns: isLong ? 200 : 6 },
    );
  });
});

describe('settings', () => {
  it('may not keep what is coarser for less long', () => {
    expect(TierSettings.parse({})).toEqual({ recordedDays: 7, fiveMinuteDays: 90, hourDays: 1095 });
    expect(() => TierSettings.parse({ fiveMinuteDays: 3 })).toThrow(/what is coarser is kept for longer/);
  });
});
