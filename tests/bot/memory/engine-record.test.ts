import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordIn, recordOfReport } from '#bot/memory/engine-record.ts';
import { EngineStore, type NewDeployment } from '#engine/store/engine-store.ts';
import type { DeploymentOutcome } from '#engine/store/rows.ts';
import { sampleReport } from '#tests/bot/commands/sample-report.ts';
import { DAY, day } from './sample-memory.ts';

const HOUR = 3_600_000;

describe('the record on this machine', () => {
  let dir: string;
  let store: EngineStore;

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'ratchet-memory-'));
    store = EngineStore.open(dir);
    const rest = { strategy: 's', commitHash: 'c', stage: 'paper', artifact: 'a', barMs: HOUR, symbols: 1 } as const;
    const load = (treeHash: string, instant: number, outcome: DeploymentOutcome, part: Partial<NewDeployment> = {}) =>
      store.setDeploymentOutcome(store.addDeployment({ ...rest, treeHash, instant, loadedAt: 0, ...part }), outcome, 1);
    const hold = { symbol: 'BTC/USDT', action: 'hold', reason: 'no signal', outcome: 'held', terms: null };
    const decide = (treeHash: string, instant: number, equity: number) =>
      store.addStep({ strategy: 's', treeHash, instant, equity, fills: [], trades: [], denials: [], decisions: [hold] });
    decide('before', day(0), 1_000);
    load('a', day(1), 'replaced');
    decide('a', day(2), 900);
    load('bad', day(3), 'fell-back');
    decide('a', day(4), 990);
    load('b', day(5), 'removed');
    decide('b', day(6), 1_100);
    decide('b', day(7), 1_100);
    const watched = { strategy: 'new', treeHash: 'watched', equity: 500, fills: [], trades: [], denials: [] };
    store.addStep({ ...watched, treeHash: 'earlier', instant: day(7), decisions: [hold] });
    load('watched', day(8), 'running', { strategy: 'new', stage: 'shadow' });
    store.addStep({ ...watched, instant: day(9), decisions: [{ ...hold, action: 'target', outcome: 'shadow' }] });
    store.setFeedTime(day(20));
  });

  afterAll(() => {
    store.close();
    rmSync(dir, { recursive: true });
  });

  it('tells a version’s time and the capital it ran with; what only was tried never ran', () => {
    const record = recordIn(store, day(20));
    expect(record.runOf('s', 'a')).toEqual({ since: day(1), until: day(5), capital: 1_000, isShadow: false });
    expect(record.runOf('s', 'bad')).toBeNull();
    expect(record.runOf('s', 'unheard-of')).toBeNull();
  });

  it('lets one that was taken off main end with its last decision', () => {
    expect(recordIn(store, day(20)).runOf('s', 'b')).toEqual({ since: day(5), until: day(7), capital: 990, isShadow: false });
  });

  it('tells a version in shadow as one whose account stands still', () => {
    expect(recordIn(store, day(20)).runOf('new', 'watched')).toMatchObject({ since: day(8), until: null, isShadow: true });
    expect(recordIn(store, day(20)).figureAt('netResult', 'new', 'watched', day(20))).toBe(0);
  });

  it('knows nothing that came after its time', () => {
    const record = recordIn(store, day(4));
    expect(record.runOf('s', 'a')).toEqual({ since: day(1), until: null, capital: 1_000, isShadow: false });
    expect(record.runOf('s', 'b')).toBeNull();
    expect(recordIn(store, day(6)).runOf('s', 'b')).toMatchObject({ until: null });
    expect(record.figureAt('drawdownWorst', 's', 'a', day(5))).toBeNull();
    expect(record.figureAt('drawdownWorst', 's', 'a', day(2))).toBe(0);
  });
});

describe('what an engine elsewhere publishes', () => {
  const report = sampleReport();
  const [strategy] = report.strategies;
  const writtenAt = report.asOf!;

  it('tells of the version that runs, on the day it was written and on no other', () => {
    const record = recordOfReport(report, writtenAt + 5 * DAY)!;
    expect(record.runOf(strategy!.id, strategy!.tree)).toMatchObject({ since: strategy!.loadedInstant, until: null });
    expect(record.figureAt('trades', strategy!.id, strategy!.tree, writtenAt)).toBe(strategy!.truth.trades);
    expect(record.figureAt('trades', strategy!.id, strategy!.tree, writtenAt - 2 * DAY)).toBeNull();
    expect(record.runOf(strategy!.id, 'another')).toBeNull();
  });

  it('tells a version in shadow too', () => {
    const watched = { ...report, strategies: [{ ...strategy!, stage: 'shadow' as const }] };
    expect(recordOfReport(watched, writtenAt)!.runOf(strategy!.id, strategy!.tree)).toMatchObject({ isShadow: true });
  });

  it('tells nothing to a night that looked less far', () => {
    expect(recordOfReport(report, writtenAt - 1)).toBeNull();
  });
});
