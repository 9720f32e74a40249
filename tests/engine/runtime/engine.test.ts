import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKeyPair } from '#engine/attestation/keys.ts';
import { openBacktester } from '#engine/backtest/backtester.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { loadDataset } from '#engine/candles/load-dataset.ts';
import { giveOrderHere } from '#engine/runtime/control.ts';
import { enginePaths } from '#engine/runtime/options.ts';
import { parseReport } from '#engine/runtime/report.ts';
import { readLocalStatus } from '#engine/runtime/status.ts';
import { buildArtifact } from '#engine/sandbox/artifact.ts';
import { itLong } from '#tests/support/long.ts';
import { processesBelow } from '#tests/support/processes-below.ts';
import {
  type EngineFixture,
  engineFixture,
  hourMs,
  type RunningEngine,
  read,
  replayFrom,
  startEngine,
  strategyText,
  until,
  untilStatus,
} from './engine-fixture.ts';

let fixture: EngineFixture;
let running: RunningEngine | null = null;
beforeEach(async () => {
  fixture = await engineFixture();
});
afterEach(async () => {
  await running?.stop();
  running = null;
  fixture.dispose();
});

const dir = () => fixture.options().dir;
const start = async (change: Parameters<EngineFixture['options']>[0] = {}) => {
  running = await startEngine(fixture.options(change));
  return running;
};
const synced = (commit: string) =>
  untilStatus(dir(), `Synced at ${commit}`, (status) => status.status === 'Synced' && status.commit === commit);

describe('the engine', () => {
  it('loads what is on main and signed, trades it to the end of the data, and says so on the state branch', async () => {
    const commit = await fixture.deploy({ trend: strategyText() });
    await start();
    const status = await untilStatus(dir(), 'the end of the data', ({ feed }) => feed === 'end-of-data');
    expect(status).toMatchObject({ status: 'Synced', commit, mode: 'active', reason: '' });
    expect(status.strategies).toMatchObject([{ id: 'trend', code: 'running', stage: 'paper', commit }]);
    const { trades, counts, equity, deployments, feed } = read(dir(), (reader) => ({
      trades: reader.trades(),
      counts: reader.counts(),
      equity: reader.equitySeries(),
      deployments: reader.deployments(),
      feed: reader.lastFeedTime(),
    }));
    expect(feed).toBe(replayFrom + 500 * hourMs);
    expect(equity).toHaveLength(500);
    expect(counts.decisions).toBe(1000);
    expect(trades.length).toBeGreaterThan(10);
    expect(new Set(trades.map(({ version }) => version))).toEqual(new Set([status.strategies[0]!.tree]));
    expect(deployments).toMatchObject([{ strategy: 'trend', outcome: 'running', commitHash: commit, instant: replayFrom }]);
    expect(running!.events.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['started', 'caught-up', 'synced', 'bar', 'status']),
    );
    const state = await fixture.state();
    await until('the published status', async () => {
      await state.refresh();
      return (await state.readText('status.json'))?.includes(commit);
    });
    expect(JSON.parse((await state.readText('status.json'))!)).toMatchObject({ schema: 'ratchet/engine-status/2', commit });
    expect(parseReport((await state.readText('report.json'))!).strategies).toMatchObject([
      { id: 'trend', commit, stage: 'paper' },
    ]);
    // A replay that trades all the time, in well under a minute: figures go out with the status and never alone.
    const commits = (path: string) => fixture.remote.git('rev-list', 'ratchet/state', '--', path).split('\n');
    expect(commits('status.json')).toEqual(expect.arrayContaining(commits('report.json')));
  });

  it('catches up what is past at once, then keeps its pace', async () => {
    await fixture.deploy({ trend: strategyText() });
    await start({ catchUpBars: 200, paceMs: 3_600_000 });
    const event = await until('caught up', () => running!.events.find(({ kind }) => kind === 'caught-up'));
    expect(event).toEqual({ kind: 'caught-up', time: replayFrom + 200 * hourMs });
    // The first bar after the past is due at once or within the pace; the next one is an hour away.
    await untilStatus(dir(), 'running', ({ feed }) => feed === 'running');
    expect(read(dir(), (reader) => reader.lastFeedTime())).toBeLessThanOrEqual(replayFrom + 201 * hourMs);
  });

  it('swaps to a new version between bars, keeps positions and state, and closes the old deployment', async () => {
    const first = await fixture.deploy({ trend: strategyText() });
    await start({ catchUpBars: 100, paceMs: 20 });
    await synced(first);
    await until('a position', () => read(dir(), (reader) => reader.openPositions().length > 0));
    const second = await fixture.deploy({ trend: strategyText({ note: 'The second version.' }) });
    const status = await synced(second);
    expect(status.strategies).toMatchObject([{ tree: status.strategies[0]!.desiredTree, commit: second }]);
    await untilStatus(dir(), 'the end of the data', ({ feed }) => feed === 'end-of-data');
    await running!.stop();
    running = null;
    const { deployments, equity, accounts } = read(dir(), (reader) => ({
      deployments: reader.deployments(),
      equity: reader.equitySeries(),
      accounts: reader.accounts(),
    }));
    expect(deployments.map(({ outcome }) => outcome)).toEqual(['replaced', 'running']);
    expect(equity).toHaveLength(500);
    // Counted through both versions: the state went over.
    expect(JSON.parse(accounts[0]!.memory).state.symbols['BTC/USDT'].bars).toBe(500);
  });
});

describe('an engine without its candles', () => {
  it('does not start, says where it looked, makes no empty store there and leaves no lock', async () => {
    const candlesDir = `${fixture.root}/stoer`;
    await expect(start({ candlesDir })).rejects.toMatchObject({ code: 'candles/no-store' });
    expect(existsSync(candlesDir)).toBe(false);
    await expect(start()).resolves.toBeDefined();
  });
});

describe('what is not believed', () => {
  const good = strategyText();
  it('a statement about another tree, put where this one belongs', async () => {
    const first = await fixture.deploy({ trend: good });
    await start({ catchUpBars: 50, paceMs: 30 });
    await synced(first);
    const state = await fixture.state();
    await state.refresh();
    const [path] = await state.list('statements');
    const envelope = (await state.read(path!))!;
    const bad = await fixture.deploy({ trend: strategyText({ note: 'forged' }) }, { signWith: null });
    const tree = fixture.remote.git('rev-parse', `${bad}:strategies/trend`);
    await state.update('forge', () => new Map([[`statements/${tree}.dsse.json`, envelope]]));
    const status = await untilStatus(dir(), 'the refusal', ({ strategies }) => strategies[0]?.code === 'wrong-subject');
    expect(status.status).toBe('Degraded');
  });

  it('a main whose history was rewritten', async () => {
    const first = await fixture.deploy({ trend: good });
    await start({ catchUpBars: 50, paceMs: 30 });
    await synced(first);
    fixture.remote.git('update-ref', '-d', 'refs/heads/main');
    await fixture.deploy({ trend: strategyText({ note: 'another history' }) });
    const status = await untilStatus(dir(), 'the refusal', ({ reason }) => reason.includes('rewritten'));
    expect(status).toMatchObject({ status: 'Degraded', commit: first });
    expect(status.strategies[0]).toMatchObject({ code: 'running', commit: first });
  });

  it('keys that change on main are reported and not believed', async () => {
    const first = await fixture.deploy({ trend: good });
    await start({ catchUpBars: 50, paceMs: 30 });
    await synced(first);
    const thief = createKeyPair();
    const keys = `keys: [{ id: '${thief.id}', publicKey: '${thief.publicKey}', purpose: gate }]`;
    await fixture.deploy({ trend: strategyText({ note: 'stolen' }) }, { signWith: thief, files: { 'policies/keys.yaml': keys } });
    const status = await untilStatus(dir(), 'the refusal', ({ strategies }) => strategies[0]?.code === 'unknown-key');
    expect(status.reason).toContain('keys.yaml');
    expect(status.strategies[0]).toMatchObject({ commit: first });
  });
});

describe('a strategy that goes wrong while it runs', () => {
  it('is started again once from its state, then held; the engine and the account go on', async () => {
    const commit = await fixture.deploy({ trend: strategyText({ onBar: "if (state.bars > 60) throw new Error('worn out');" }) });
    await start();
    const status = await untilStatus(dir(), 'held', ({ strategies }) => strategies[0]?.code === 'fault');
    expect(status).toMatchObject({ status: 'Degraded', commit });
    expect(status.reason).toContain('worn out');
    await untilStatus(dir(), 'the end of the data', ({ feed }) => feed === 'end-of-data');
    const { faults, equity } = read(dir(), (reader) => ({ faults: reader.faults(10), equity: reader.equitySeries() }));
    expect(faults.map(({ code }) => code)).toEqual(['sandbox/strategy-fault', 'sandbox/strategy-fault']);
    expect(equity).toHaveLength(500);
  });

  it('does not stop another one', async () => {
    const loops = strategyText({ onBar: 'for (; state.bars > 40; ) state.mean += 1;' });
    await fixture.deploy({ loops, trend: strategyText() });
    await start();
    await untilStatus(dir(), 'the end of the data', ({ feed }) => feed === 'end-of-data', 60_000);
    const counts = read(dir(), (reader) => reader.decisionCounts());
    const of = (strategy: string) => counts.filter((row) => row.strategy === strategy).reduce((sum, { count }) => sum + count, 0);
    expect(of('trend')).toBe(1000);
    expect(of('loops')).toBe(80);
    expect(read(dir(), (reader) => reader.faults(10)).map(({ code }) => code)).toContain('sandbox/timeout');
  }, 90_000);
});

describe('a version on trial whose process the machine ends', () => {
  it('is no worse for it: what ran goes on, and it is tried again', async () => {
    const first = await fixture.deploy({ trend: strategyText() });
    const { events } = await start({ catchUpBars: 5, paceMs: 1_000 });
    await synced(first);
    const sandboxes = () => processesBelow(process.pid, '--trace-event-file-pattern');
    const before = sandboxes();
    // Its first decision takes some tenths of a second: whenever its bar closes, its process ends before it has answered.
    const onBar = 'for (let turn = 0; turn < 3e8; turn += 1) state.bars += 0;';
    const commit = await fixture.deploy({ trend: strategyText({ onBar }) });
    await untilStatus(dir(), 'a trial', ({ strategies }) => strategies[0]?.code === 'on-trial');
    // The first of them takes the others with it.
    process.kill(sandboxes().find((pid) => !before.includes(pid))!, 'SIGKILL');
    // It says so, and is soon at it again.
    const dismissed = await until('its dismissal', () =>
      events
        .flatMap((event) => (event.kind === 'status' ? event.status.strategies : []))
        .find(({ code }) => code === 'load-failed'),
    );
    expect(dismissed).toMatchObject({ status: 'Degraded', reason: expect.stringContaining('SIGKILL') });
    expect(dismissed.tree).not.toBe(dismissed.desiredTree);
    await synced(commit);
    const { faults, quarantine } = read(dir(), (reader) => ({ faults: reader.faults(10), quarantine: reader.quarantine() }));
    expect([faults, quarantine]).toEqual([[], []]);
    const outcomes = read(dir(), (reader) => reader.deployments().map(({ outcome }) => outcome));
    expect(outcomes).toEqual(['replaced', 'running']);
  }, 60_000);
});

describe('control', () => {
  it('halts entries and lets exits pass, survives a restart, and ignores what it cannot read', async () => {
    const commit = await fixture.deploy({ trend: strategyText() });
    await start({ catchUpBars: 50, paceMs: 10 });
    await synced(commit);
    await fixture.control('halted');
    await untilStatus(dir(), 'halted', ({ mode }) => mode === 'halted');
    await until('a denial', () =>
      read(dir(), (reader) => reader.decisionCounts().some(({ outcome }) => outcome === 'denied:halted')),
    );
    await until('no position', () => read(dir(), (reader) => reader.openPositions().length === 0));
    await running!.stop();
    await fixture.control('', '{ "mode": "active" }');
    await start({ catchUpBars: 50, paceMs: 10 });
    const status = await untilStatus(dir(), 'the complaint', ({ reason }) => reason.includes('control.json'));
    expect(status).toMatchObject({ mode: 'halted', status: 'Degraded' });
    await fixture.control('active');
    await untilStatus(dir(), 'active again', ({ mode, status: sync }) => mode === 'active' && sync === 'Synced');
    await until('an entry', () => read(dir(), (reader) => reader.openPositions().length > 0));
  });

  itLong(
    'obeys what was said last, on its own machine or on the branch, and no old order comes back with a restart',
    async () => {
      const commit = await fixture.deploy({ trend: strategyText() });
      await start({ catchUpBars: 50, paceMs: 10 });
      await synced(commit);
      await fixture.control('paused');
      await untilStatus(dir(), 'paused', ({ mode }) => mode === 'paused');
      giveOrderHere(dir(), { mode: 'halted', by: 'alice', at: new Date().toISOString(), reason: 'the feed looks odd' });
      await untilStatus(dir(), 'halted here', ({ mode, control }) => mode === 'halted' && control.by === 'alice');
      await running!.stop();
      await start({ catchUpBars: 50, paceMs: 10 });
      await synced(commit);
      expect(readLocalStatus(dir())).toMatchObject({ mode: 'halted', control: { by: 'alice' } });
      await fixture.control('active');
      await untilStatus(dir(), 'active again', ({ mode }) => mode === 'active');
      writeFileSync(enginePaths(dir()).order, '{ "mode": "halt" }');
      const status = await untilStatus(dir(), 'the complaint', ({ reason }) => reason.includes('order.json'));
      expect(status).toMatchObject({ mode: 'active', status: 'Degraded' });
      rmSync(enginePaths(dir()).order);
      mkdirSync(enginePaths(dir()).order);
      await untilStatus(dir(), 'what it cannot read', ({ reason }) => reason.includes('order.json cannot be read'));
      const bars = running!.events.length;
      await until('more bars', () => running!.events.length > bars + 5);
    },
  );
});

describe('main', () => {
  it('takes a strategy away: its positions are closed and its deployment ends', async () => {
    const first = await fixture.deploy({ trend: strategyText(), other: strategyText({ note: 'stays' }) });
    await start({ catchUpBars: 50, paceMs: 20 });
    await synced(first);
    await until('a position', () => read(dir(), (reader) => reader.openPositions().some(({ strategy }) => strategy === 'trend')));
    const second = await fixture.deploy({ trend: null });
    const status = await synced(second);
    expect(status.strategies.map(({ id }) => id)).toEqual(['other']);
    const { positions, deployments } = read(dir(), (reader) => ({
      positions: reader.openPositions(),
      deployments: reader.deployments(),
    }));
    expect(positions.filter(({ strategy }) => strategy === 'trend')).toEqual([]);
    expect(deployments.find(({ strategy }) => strategy === 'trend')).toMatchObject({ outcome: 'removed' });
  });

  it('asks for a shadow: it decides and never trades', async () => {
    const commit = await fixture.deploy({ trend: strategyText() }, { stage: 'shadow' });
    await start();
    await untilStatus(dir(), 'the end of the data', ({ feed }) => feed === 'end-of-data');
    await synced(commit);
    const { counts, outcomes } = read(dir(), (reader) => ({
      counts: reader.counts(),
      outcomes: new Set(reader.decisionCounts().map(({ outcome }) => outcome)),
    }));
    expect(counts).toEqual({ decisions: 1000, fills: 0, trades: 0 });
    expect(outcomes).toEqual(new Set(['held', 'shadow']));
  });

  itLong('changes the timeframe: the account passes over with its positions', async () => {
    const first = await fixture.deploy({ trend: strategyText() });
    await start({ catchUpBars: 50, paceMs: 15 });
    await synced(first);
    const second = await fixture.deploy({ trend: strategyText({ timeframe: '4h' }) });
    const status = await synced(second);
    expect(status.strategies[0]).toMatchObject({ code: 'running' });
    await untilStatus(dir(), 'the end of the data', ({ feed }) => feed === 'end-of-data');
    const equity = read(dir(), (reader) => reader.equitySeries());
    const steps = equity.slice(-5).map(({ instant }, index, list) => (index === 0 ? 0 : instant - list[index - 1]!.instant));
    expect(steps.slice(1)).toEqual([4, 4, 4, 4].map((hours) => hours * hourMs));
  });
});

describe('paper trading', () => {
  it('makes the trades the backtester makes of the same bars, to the last digit', async () => {
    const source = strategyText();
    await fixture.deploy({ trend: source });
    await start();
    await untilStatus(dir(), 'the end of the data', ({ feed }) => feed === 'end-of-data');
    const { candlesDir, market, capital } = fixture.options();
    const verdict = await buildArtifact(new Map([['strategy.ts', source]]), 'strategy.ts');
    if (!verdict.ok) throw new Error('The strategy was refused.');
    const tester = await openBacktester(verdict.artifact);
    const store = CandleStore.open(candlesDir);
    try {
      await tester.useDataset(fixture.dataset, loadDataset(store, fixture.dataset));
      const result = await tester.run({
        artifact: verdict.artifact.digest,
        dataset: fixture.dataset,
        parameters: {},
        span: { from: replayFrom, to: replayFrom + 500 * hourMs },
        markets: market.markets,
        capital,
        seed: 1,
        delayBars: 0,
      });
      const tested = result.trades
        .filter(({ exitCause }) => exitCause !== 'end-of-data')
        .map(({ version: _version, ...trade }) => trade);
      const traded = read(dir(), (reader) => reader.trades());
      expect(traded.map(({ strategy: _s, treeHash: _t, instant: _i, version: _v, ...trade }) => trade)).toEqual(tested);
      expect(tested.length).toBeGreaterThan(10);
      // The report's figures are the backtester's, where both speak of the same: bars, not the forced end.
      await running!.stop();
      running = null;
      const { performance, dailyEquity } = parseReport(readFileSync(`${dir()}/report.json`, 'utf8')).strategies[0]!;
      expect(performance.trades).toBe(tested.length);
      expect(performance.exposure).toBeCloseTo(result.metrics.exposure, 12);
      expect(performance.maxDrawdown).toBeCloseTo(result.metrics.maxDrawdown, 12);
      expect(dailyEquity.slice(0, -1).map(([, value]) => value)).toEqual(
        result.equity.value.slice(0, dailyEquity.length - 1).map((value) => expect.closeTo(value, 9)),
      );
    } finally {
      store.close();
      await tester.close();
    }
  });
});
