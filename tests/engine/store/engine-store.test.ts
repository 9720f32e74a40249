import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openReader } from '#engine/store/engine-reader.ts';
import { EngineStore, type NewFill, type NewTrade, type StrategyStep } from '#engine/store/engine-store.ts';
import { storePath } from '#engine/store/open-database.ts';
import { migrations } from '#engine/store/schema.ts';

let dir: string;
let store: EngineStore;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ratchet-store-'));
  store = EngineStore.open(dir);
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

const fill: NewFill = {
  time: 100,
  symbol: 'BTC/USDT',
  side: 'buy',
  quantity: 0.1,
  price: 50_000,
  fee: 5,
  isMaker: false,
  cause: 'entry',
  reason: 'cross',
};
const trade: NewTrade = {
  symbol: 'BTC/USDT',
  entryTime: 100,
  exitTime: 200,
  entryPrice: 50_000,
  exitPrice: 51_000,
  quantity: 0.1,
  fees: 10,
  netResult: 90,
  netReturn: 0.018,
  barsHeld: 2,
  maxAdverseExcursion: -0.01,
  maxFavourableExcursion: 0.03,
  entryReason: 'cross',
  exitReason: 'target',
  exitCause: 'take-profit',
  version: 'abc',
};
const accepted = { symbol: 'BTC/USDT', action: 'target', reason: 'cross', outcome: 'accepted', terms: '{"weight":1}' };
const held = { symbol: 'BTC/USDT', action: 'hold', reason: 'no signal', outcome: 'held', terms: null };

function step(instant: number, part: Partial<StrategyStep> = {}): StrategyStep {
  return {
    strategy: 'ema-cross',
    treeHash: 't1',
    instant,
    fills: [],
    trades: [],
    denials: [],
    decisions: [held],
    equity: 1000 + instant,
    ...part,
  };
}

describe('the record', () => {
  it('answers as of a market time, however far the engine has run since', () => {
    store.addStep(step(100, { decisions: [accepted] }));
    store.addStep(step(200, { fills: [fill] }));
    const before = {
      counts: store.counts(200),
      decisions: store.decisionCounts(200),
      trades: store.trades(200),
      equity: store.equitySeries(200),
    };
    store.addStep(step(300, { trades: [trade], denials: [{ symbol: 'BTC/USDT', code: 'expired', reason: 'cross' }] }));
    expect({
      counts: store.counts(200),
      decisions: store.decisionCounts(200),
      trades: store.trades(200),
      equity: store.equitySeries(200),
    }).toEqual(before);
    expect(store.trades()).toEqual([{ ...trade, strategy: 'ema-cross', treeHash: 't1', instant: 300 }]);
    expect(store.equity()).toBe(1300);
    expect(store.equity(200)).toBe(1200);
    expect(store.equity(50)).toBeNull();
  });

  it('has how old the bar of a decision was, and what was missing, as far as either was known', () => {
    store.addStep(step(100, { decisions: [{ ...held, ageMs: 90, missing: ['ETH/USDT'] }] }));
    store.addStep(step(200, { decisions: [held] }));
    expect(store.decisions(10).map(({ ageMs, missing }) => [ageMs, missing])).toEqual([
      [90, ['ETH/USDT']],
      [null, []],
    ]);
  });

  it('tells what was sold without a decision among the decisions, in the order in which they were made', () => {
    const check = { check: 'off-step', passed: true, value: 0.1, limit: 0.01 };
    const sale = { symbol: 'BTC/USDT', cause: 'take-profit', reason: 'take-profit', checks: [check] };
    store.addStep(step(100, { decisions: [accepted] }));
    store.addStep(step(200, { forced: [sale] }));
    store.addStep(step(300));
    const told = (limit: number) =>
      store.tracedDecisions(limit).map(({ instant, cause, action, outcome }) => [instant, cause, action, outcome]);
    expect(told(10)).toEqual([
      [100, 'decision', 'target', 'accepted'],
      [200, 'take-profit', 'exit', 'accepted'],
      [200, 'decision', 'hold', 'held'],
      [300, 'decision', 'hold', 'held'],
    ]);
    expect(told(3)).toEqual(told(10).slice(1));
    expect(store.tracedDecisions(3)[0]).toMatchObject({ strategy: 'ema-cross', treeHash: 't1', checks: [check], missing: [] });
    // Decisions are one a symbol and bar.
    expect(store.counts().decisions).toBe(3);
    expect(store.decisions(10)).toHaveLength(3);
  });

  it('counts an accepted decision as denied from the moment it was', () => {
    store.addStep(step(100, { decisions: [accepted] }));
    store.addStep(step(200, { denials: [{ symbol: 'BTC/USDT', code: 'slippage-tolerance', reason: 'cross' }] }));
    const outcomes = (asOf: number) => store.decisions(10, asOf).map(({ outcome }) => outcome);
    expect(outcomes(100)).toEqual(['accepted']);
    expect(outcomes(200)).toEqual(['denied:slippage-tolerance', 'held']);
  });

  it('refuses to hold the same bar of a strategy twice', () => {
    store.addStep(step(100, { fills: [fill] }));
    expect(() => store.addStep(step(100, { fills: [fill] }))).toThrow(/UNIQUE/);
    expect(store.counts()).toEqual({ decisions: 1, fills: 1, trades: 0 });
  });

  it('keeps all of a transaction or none of it', () => {
    expect(() =>
      store.transaction(() => {
        store.setFeedTime(100);
        store.addStep(step(100));
        throw new Error('killed');
      }),
    ).toThrow('killed');
    expect(store.lastFeedTime()).toBeNull();
    expect(store.counts().decisions).toBe(0);
  });

  it('follows a deployment from trial to its end', () => {
    const row = {
      strategy: 'ema-cross',
      treeHash: 't1',
      commitHash: 'c1',
      stage: 'paper',
      artifact: 'sha256:1',
      instant: 100,
      loadedAt: 5,
      barMs: 100,
      symbols: 1,
    } as const;
    const id = store.addDeployment(row);
    expect(store.deployments()).toEqual([{ ...row, id, droppedAt: null, outcome: 'trial' }]);
    store.setDeploymentOutcome(id, 'replaced', 9);
    expect(store.deployments()).toMatchObject([{ outcome: 'replaced', droppedAt: 9 }]);
    expect(store.deployments(50)).toEqual([]);
  });

  it('remembers faults, syncs, quarantine and what is held', () => {
    store.addFault({ at: 1, instant: null, strategy: 's', treeHash: null, code: 'sandbox/timeout', message: 'late' });
    store.addSync({ at: 1, status: 'Synced', commitHash: 'c', reason: '' });
    store.addSync({ at: 2, status: 'Degraded', commitHash: 'c', reason: 'why' });
    store.addQuarantine({ treeHash: 't', strategy: 's', reason: 'throws', at: 1 });
    store.addQuarantine({ treeHash: 't', strategy: 's', reason: 'again', at: 2 });
    const position = { symbol: 'BTC/USDT', quantity: 1, entryPrice: 2, barsHeld: 3 };
    store.setStanding({ strategy: 's', deployment: null, instant: 1, account: '{}', memory: '{}', positions: '[]' });
    store.setStanding({
      strategy: 's',
      deployment: null,
      instant: 2,
      account: '{}',
      memory: '{}',
      positions: JSON.stringify([position]),
    });
    expect(store.faults(5)).toHaveLength(1);
    expect(store.syncs(1)).toMatchObject([{ status: 'Degraded' }]);
    expect(store.quarantine()).toMatchObject([{ reason: 'throws' }]);
    expect(store.openPositions()).toEqual([{ strategy: 's', ...position }]);
  });
});

describe('a reader', () => {
  it('sees what is committed while the writer is at work, and cannot write', () => {
    store.addStep(step(100));
    const reader = openReader(dir);
    expect(reader.counts().decisions).toBe(1);
    store.transaction(() => {
      store.addStep(step(200));
      expect(reader.counts().decisions).toBe(1);
    });
    expect(reader.counts().decisions).toBe(2);
    reader.close();
    const raw = new Database(storePath(dir), { readonly: true });
    expect(() => raw.exec('DELETE FROM decisions')).toThrow(/readonly/);
    raw.close();
  });

  it('reads after the writer has gone, and says so when nobody was ever here', () => {
    store.addStep(step(100));
    store.close();
    const reader = openReader(dir);
    expect(reader.equitySeries()).toEqual([{ strategy: 'ema-cross', instant: 100, value: 1100 }]);
    reader.close();
    expect(() => openReader(join(dir, 'nowhere'))).toThrow(/No engine has run/);
  });
});

describe('opening', () => {
  it('goes on where the last writer stopped', () => {
    store.setFeedTime(42);
    store.close();
    store = EngineStore.open(dir);
    expect(store.lastFeedTime()).toBe(42);
  });

  it('takes a store of the first version on, and says of what it did not record that it is not known', () => {
    store.close();
    const old = join(dir, 'old');
    mkdirSync(old);
    const raw = new Database(storePath(old));
    raw.exec(migrations[0]!);
    raw.pragma('user_version = 1');
    raw.exec("INSERT INTO deployments VALUES (1, 'ema-cross', 't1', 'c1', 'paper', 'a', 100, 5, NULL, 'running')");
    raw.close();
    expect(() => openReader(old)).toThrow(/waits for its engine to migrate it/);
    store = EngineStore.open(old);
    expect(store.deployments()).toMatchObject([{ treeHash: 't1', barMs: null, symbols: null }]);
    expect(store.lastSeen()).toBeNull();
    expect(store.truth('ema-cross', 't1', 200, 10)).toMatchObject({ scansExpected: null, scansMade: 0, uptime: null });
  });

  it('refuses a store of a newer version, and one that is no store, and changes neither', () => {
    store.close();
    const raw = new Database(storePath(dir));
    raw.pragma('user_version = 99');
    raw.close();
    expect(() => EngineStore.open(dir)).toThrow(/newer Ratchet/);
    const other = join(dir, 'other');
    mkdirSync(other);
    writeFileSync(storePath(other), 'this is not a database, and long enough to be told apart from an empty one');
    expect(() => EngineStore.open(other)).toThrow(/cannot be opened/);
  });
});
