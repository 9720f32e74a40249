import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readForward } from '#engine/runtime/forward/forward-record.ts';
import { EngineStore, type NewFill, type NewTrade, type StrategyStep } from '#engine/store/engine-store.ts';
import { BENCHMARKS } from '#engine/store/truth/benchmarks.ts';
import type { Truth } from '#engine/store/truth/truth.ts';
import { sampleTruth } from '#tests/support/sample-truth.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Market time at which version t1 was loaded; bars of an hour follow. */
const LOADED = 100 * DAY;
const bar = (n: number) => LOADED + n * HOUR;

const hold = { symbol: 'BTC/USDT', action: 'hold', reason: 'no signal', outcome: 'held', terms: null };
const enter = { symbol: 'BTC/USDT', action: 'target', reason: 'cross', outcome: 'accepted', terms: '{}' };
const refused = { ...enter, outcome: 'denied:paused', terms: null };
const other = (decision: typeof hold | typeof enter) => ({ ...decision, symbol: 'ETH/USDT' });

function fill(side: 'buy' | 'sell', time: number): NewFill {
  const rest = { symbol: 'BTC/USDT', quantity: 0.3, price: 100, fee: 1, isMaker: false, cause: 'entry', reason: 'cross' };
  return { ...rest, side, time };
}

/** @param net after fees of 2, on a stake of 100 */
function trade(net: number, exitBar: number, version = 't1'): NewTrade {
  return {
    symbol: 'BTC/USDT',
    entryTime: bar(exitBar - 1),
    exitTime: bar(exitBar),
    entryPrice: 100,
    exitPrice: 100 + net,
    quantity: 1,
    fees: 2,
    netResult: net,
    netReturn: net / 100,
    barsHeld: 1,
    maxAdverseExcursion: 0,
    maxFavourableExcursion: 0,
    entryReason: 'cross',
    exitReason: 'thirty bars',
    exitCause: 'decision',
    version,
  };
}

const elsewhere = (net: number, exitBar: number): NewTrade => ({ ...trade(net, exitBar), symbol: 'ETH/USDT' });

let dir: string;
let store: EngineStore;
const step = (instant: number, part: Partial<StrategyStep>) =>
  store.addStep({
    strategy: 'cross',
    treeHash: 't1',
    instant,
    fills: [],
    trades: [],
    denials: [],
    decisions: [hold, other(hold)],
    equity: 1000,
    ...part,
  });
const VERSION = { strategy: 'cross', commitHash: 'c', stage: 'paper', artifact: 'a', barMs: HOUR, symbols: 2 } as const;
const load = (treeHash: string, instant: number, loadedAt: number) =>
  store.addDeployment({ ...VERSION, treeHash, instant, loadedAt });

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'ratchet-truth-'));
  store = EngineStore.open(dir);
  // The engine runs by the wall from 0 to 60 and from 80 to 100.
  store.beginRun(0);
  store.continueRun(60);
  load('t0', bar(-10), 0);
  step(bar(-1), { treeHash: 't0', decisions: [enter], equity: 5000 });
  // t1 takes over, by the wall at 20, what its predecessor bought.
  load('t1', LOADED, 20);
  step(LOADED, { treeHash: 't0', fills: [fill('buy', bar(0))], decisions: [hold], equity: 4000 });
  step(bar(1), { equity: 1000 });
  // What t0 opened is closed by t1, and counts for t0.
  step(bar(2), { fills: [fill('sell', bar(1)), fill('sell', bar(2))], trades: [trade(-50, 2, 't0')], equity: 1100 });
  step(bar(3), { decisions: [enter, other(enter)], equity: 1100 });
  step(bar(4), { fills: [fill('buy', bar(4))], trades: [elsewhere(-8, 4)], equity: 880 });
  step(bar(5), { denials: [{ symbol: 'ETH/USDT', code: 'expired', reason: 'cross' }], trades: [elsewhere(-4, 5)], equity: 990 });
  store.beginRun(80);
  store.continueRun(100);
  step(bar(6), { fills: [fill('sell', bar(6))], trades: [trade(18, 6)], decisions: [refused], equity: 1045 });
  step(bar(8), { trades: [trade(-6, 8)], equity: 1045 });
  // Not yet known at the eighth bar.
  step(bar(9), {
    trades: [trade(-100, 9)],
    decisions: [enter],
    denials: [{ symbol: 'BTC/USDT', code: 'expired', reason: '' }],
    equity: 1,
  });
});
afterAll(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

describe('the truth of a version', () => {
  it.each<[keyof Omit<Truth, 'version'>, unknown]>([
    ['trades', 4],
    ['wins', 1],
    ['winRate', 1 / 4],
    ['netResult', -8 - 4 + 18 - 6],
    ['fees', 4 * 2],
    ['grossResult', 0 + 4 * 2],
    ['expectancy', (-0.08 - 0.04 + 0.18 - 0.06) / 4],
    ['profitFactor', 18 / (8 + 4 + 6)],
    ['lossesInARow', 1],
    ['worstLossesInARow', 2],
    ['drawdownNow', 1 - 1045 / 1100],
    ['drawdownWorst', 1 - 880 / 1100],
    // Held at the close of bars 1, 4 and 5, of 1 to 6 and 8.
    ['exposure', 3 / 7],
    ['decisions', 13],
    ['holds', 10],
    ['signals', 3],
    ['acted', 1],
    ['refused', 2],
    ['refusals', { expired: 1, paused: 1 }],
    ['scansExpected', 8 * 2],
    ['scansMade', 13],
    ['daysSinceSignal', 2 / 24],
    ['daysSinceTrade', 0],
    ['dataAge', 0],
    // Of the eighty since it was loaded, forty and twenty.
    ['uptime', 60 / 80],
    ['age', 8 / 24],
    ['versions', 2],
  ])('says %s by arithmetic over its rows', (name, expected) => {
    const value = store.truth('cross', 't1', bar(8), 100)[name];
    if (typeof expected === 'number') expect(value).toBeCloseTo(expected, 12);
    else expect(value).toEqual(expected);
  });

  it('counts as held from the purchase to the end of the position, symbol by symbol, whatever the fills leave over', () => {
    const account = { strategy: 'cheap', treeHash: 'u1', decisions: [hold] };
    const exposure = (n: number) => store.truth('cheap', 'u1', bar(n), 100).exposure;
    const eth = { ...fill('buy', bar(21)), symbol: 'ETH/USDT' };
    // Bought and stopped out within one bar.
    step(bar(20), { ...account, fills: [fill('buy', bar(20)), fill('sell', bar(20))], trades: [trade(1, 20)] });
    step(bar(21), { ...account, fills: [eth] });
    // Its fee was paid in kind: less is sold than was bought.
    step(bar(22), {
      ...account,
      fills: [fill('buy', bar(22)), { ...eth, side: 'sell', quantity: 0.29 }],
      trades: [elsewhere(1, 22)],
    });
    expect(exposure(22)).toBe(2 / 3);
    step(bar(23), account);
    // A person has taken it away: no fill tells of it.
    step(bar(24), { ...account, trades: [{ ...trade(1, 24), exitCause: 'by-hand' }] });
    step(bar(25), account);
    expect(exposure(25)).toBe(3 / 6);
    step(bar(26), { ...account, fills: [fill('buy', bar(26))] });
    expect(exposure(26)).toBe(4 / 7);
    const beganFlat = (n: number) => {
      const version = { ...VERSION, strategy: 'cheap', treeHash: `u${n}`, instant: bar(n), loadedAt: 0 };
      store.setDeploymentOutcome(store.addDeployment(version), 'running', null);
      return readForward(store, 'cheap', { asOf: bar(n), now: 0 })!.beganFlat;
    };
    expect([23, 24, 26].map(beganFlat)).toEqual([false, true, false]);
  });

  it('of one that has done nothing is zeros and nulls, never a division', () => {
    const unknown = { daysSinceSignal: null, daysSinceTrade: null, dataAge: null, uptime: null, age: null, scansExpected: null };
    expect(store.truth('cross', 't9', bar(8), 100)).toEqual(sampleTruth({ ...unknown, version: 't9', versions: 2 }));
  });

  it('never says that it ran longer than there was time, whatever the clock on the wall did', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ratchet-truth-clock-'));
    const other = EngineStore.open(folder);
    other.beginRun(0);
    other.continueRun(100);
    other.addDeployment({ ...VERSION, treeHash: 't1', instant: LOADED, loadedAt: 0 });
    // Set back by ten, and begun again.
    other.beginRun(90);
    other.continueRun(120);
    expect(other.truth('cross', 't1', bar(1), 120).uptime).toBe(1);
    other.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('counts from when it was loaded where it never gave a signal or closed a trade', () => {
    load('t2', bar(9), 90);
    step(bar(33), { treeHash: 't2' });
    expect(store.truth('cross', 't2', bar(33), 100)).toMatchObject({ daysSinceSignal: 1, daysSinceTrade: 1, age: 1 });
  });

  it('is at least twenty-one figures, each said in words', () => {
    expect(Object.keys(BENCHMARKS).length).toBeGreaterThanOrEqual(21);
    for (const { meaning } of Object.values(BENCHMARKS)) expect(meaning).toMatch(/^[a-z].{10,}[^.]$/);
  });
});
