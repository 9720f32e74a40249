import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { StoredSimulation } from '#engine/simulation/snapshot-schema.ts';
import { itLong } from '#tests/support/long.ts';
import {
  type EngineFixture,
  engineFixture,
  exitOf,
  forkEngine,
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

/** In Bitcoin it is always in, but leaves for a bar every thirty; in Ether it waits for a price that never comes. */
const eager = (note = 'Buys.') =>
  strategyText({
    note,
    onBar: `
    if (context.symbol === 'ETH/USDT') {
      if (state.bars === 1) return context.limit(0.2, bar.close * 0.3, 'waits far below');
      return context.hold('waits');
    }
    if (position.isOpen) return state.bars % 30 === 0 ? context.exit('thirty bars') : context.hold('in position');
    if (bar.close > 0) return context.target(0.4, 'always in');`,
  });

const risk = (limits: { maxDrawdown: number; dailyLoss?: number }) => ({
  'policies/risk.yaml': stringify({ stages: { paper: limits } }),
});
/** All of the candles are past: they come at once. */
const past = { catchUpBars: 500 };
const dir = () => fixture.options().dir;
const breached = () => untilStatus(dir(), 'a breach', ({ strategies }) => strategies.some(({ code }) => code === 'breach'));
const ended = (where = dir()) => untilStatus(where, 'the end of the data', ({ feed }) => feed === 'end-of-data');
const memory = (where = dir()) => read(where, (reader) => JSON.parse(reader.accounts()[0]!.memory));
const waiting = () =>
  read(dir(), (reader) =>
    StoredSimulation.parse(JSON.parse(reader.accounts()[0]!.account)).books.flatMap(({ symbol, order }) =>
      order === null ? [] : [symbol],
    ),
  );
const entriesFrom = (instant: number) =>
  read(dir(), (reader) => reader.decisions(5_000)).filter((one) => one.action === 'target' && one.instant >= instant);
const answer = (mode: string, at: number) =>
  fixture.control(mode, JSON.stringify({ mode, by: 'alice', at: new Date(at).toISOString(), reason: 'I looked' }));

/** The first bar at which a calculation from the equity on record finds more lost than allowed. */
function firstBeyond(limit: number, from: (past: readonly { instant: number; value: number }[]) => number) {
  const series = read(dir(), (reader) => reader.equitySeries());
  const index = series.findIndex(({ value }, at) => 1 - value / from(series.slice(0, at + 1)) > limit);
  expect(index).toBeGreaterThan(0);
  return series[index]!;
}
const highest = (past: readonly { value: number }[]) => Math.max(...past.map(({ value }) => value));

describe('a limit that is reached', () => {
  it('denies entries from that very bar on, withdraws those that wait, and lets exits pass', async () => {
    await fixture.deploy({ eager: eager() }, { files: risk({ maxDrawdown: 0.02 }) });
    running = await startEngine(fixture.options(past));
    const status = await ended();
    const { instant, value } = firstBeyond(0.02, highest);
    const { breach, tree } = memory().watch;
    expect(breach).toMatchObject({ kind: 'drawdown', instant, limit: 0.02, equity: value });
    expect(breach.value).toBeCloseTo(1 - value / breach.from, 12);

    const entries = entriesFrom(instant);
    expect(entries.length).toBeGreaterThan(100);
    expect(new Set(entries.map(({ outcome }) => outcome))).toEqual(new Set(['denied:breach']));
    const { fills, trades, limits, faults } = read(dir(), (reader) => ({
      fills: reader.fills(),
      trades: reader.trades(),
      limits: reader.decisions(5_000).filter(({ action }) => action === 'limit'),
      faults: reader.faults(10),
    }));
    expect(fills.filter(({ side, time }) => side === 'buy' && time >= instant)).toEqual([]);
    expect(limits).toMatchObject([{ symbol: 'ETH/USDT', outcome: 'denied:withdrawn' }]);
    expect(waiting()).toEqual([]);
    expect(trades.at(-1)).toMatchObject({ exitReason: 'thirty bars' });
    expect(trades.at(-1)!.exitTime).toBeGreaterThanOrEqual(instant);

    expect(status).toMatchObject({ status: 'Degraded', strategies: [{ code: 'breach', status: 'Degraded', tree }] });
    expect(status.strategies[0]!.reason).toContain('where policies/risk.yaml allows 2% in paper');
    expect(status.strategies[0]!.reason).toContain(new Date(instant).toISOString());
    expect(faults).toMatchObject([{ code: 'risk/breach', strategy: 'eager', treeHash: tree, instant }]);
  });

  itLong('is also the one of a UTC day', async () => {
    await fixture.deploy({ eager: eager() }, { files: risk({ maxDrawdown: 1, dailyLoss: 0.01 }) });
    running = await startEngine(fixture.options(past));
    await ended();
    const dayOf = ({ instant }: { instant: number }) => Math.floor((instant - 1) / (24 * hourMs));
    const { instant } = firstBeyond(0.01, (past) => {
      const earlier = past.filter((row) => dayOf(row) < dayOf(past.at(-1)!));
      return (earlier.at(-1) ?? past[0]!).value;
    });
    expect(memory().watch.breach).toMatchObject({ kind: 'daily-loss', instant, limit: 0.01 });
    expect(new Set(entriesFrom(instant).map(({ outcome }) => outcome))).toEqual(new Set(['denied:breach']));
  });

  itLong('leaves a stage without a limit alone', async () => {
    await fixture.deploy({ eager: eager() }, { files: { 'policies/risk.yaml': 'stages: { live: { maxDrawdown: 0.001 } }\n' } });
    running = await startEngine(fixture.options(past));
    expect(await ended()).toMatchObject({ status: 'Synced' });
    expect(firstBeyond(0.02, highest)).toBeDefined();
  });
});

describe('the end of a breach', () => {
  it('is an order to be active that was given later, and then everything counts anew', async () => {
    await fixture.deploy({ eager: eager() }, { files: risk({ maxDrawdown: 0.02 }) });
    const options = fixture.options({ catchUpBars: 400, paceMs: 3_600_000 });
    running = await startEngine(options);
    const status = await breached();
    await until('caught up', () => running!.events.some(({ kind }) => kind === 'caught-up'));
    const { breach } = memory().watch;
    // One that was given before means something else, whenever it arrives.
    await answer('active', breach.at - 1);
    await untilStatus(dir(), 'the order from before', ({ control }) => control.by === 'alice');
    expect(memory().watch.breach).toEqual(breach);
    await answer('active', Date.now());
    await untilStatus(dir(), 'the answer', ({ status }) => status === 'Synced');
    const { watch } = memory();
    expect(watch).toMatchObject({ breach: null, tree: status.strategies[0]!.tree });
    expect(watch.since).toBeGreaterThan(breach.instant);
    expect(watch.peak).toBe(watch.equity);
    await running.stop();
    running = await startEngine({ ...options, paceMs: 5 });
    await until('an entry', () => entriesFrom(watch.since + 1).find(({ outcome }) => outcome === 'accepted'));
  });

  itLong('is another version; the one that reached it does not come back', async () => {
    const first = await fixture.deploy({ eager: eager() }, { files: risk({ maxDrawdown: 0.02 }) });
    running = await startEngine(fixture.options({ catchUpBars: 450, paceMs: 75 }));
    await breached();
    const { tree } = memory().watch;
    const second = await fixture.deploy({ eager: eager('Buys, in other words.') });
    await untilStatus(dir(), 'the other version', ({ status, commit }) => status === 'Synced' && commit === second);
    expect(memory().watch).toMatchObject({ breach: null });
    expect(memory().watch.tree).not.toBe(tree);
    const third = await fixture.deploy({ eager: eager() });
    const status = await untilStatus(dir(), 'the first again', ({ commit, strategies }) => {
      return commit === third && strategies[0]?.code === 'quarantined';
    });
    expect(first).not.toBe(third);
    expect(status.strategies[0]).toMatchObject({ desiredTree: tree });
    expect(status.strategies[0]!.reason).toContain('its equity has fallen');
  });
});

describe('over a kill', () => {
  itLong(
    'a breach is never missed and never forgotten, at whichever bar it happens',
    async () => {
      await fixture.deploy({ eager: eager() }, { files: risk({ maxDrawdown: 0.02 }) });
      const calm = fixture.options({ ...past, dir: `${dir()}-calm` });
      running = await startEngine(calm);
      await ended(calm.dir);
      await running.stop();
      running = null;
      const breach = memory(calm.dir).watch.breach;
      const bars = (breach.instant - replayFrom) / hourMs;

      // It has the bar before, and dies. Started again it takes up the very bar at once, and dies again, on either side of having
      // written it down. Then the remote is gone.
      const options = fixture.options({ catchUpBars: bars - 1, paceMs: 3_600_000 });
      for (let kill = 0; kill < 2; kill += 1) {
        const { child, events } = forkEngine(options);
        await until('caught up', () => events.some(({ kind }) => kind === 'caught-up'));
        child.kill('SIGKILL');
        await exitOf(child);
      }
      expect(read(dir(), (reader) => reader.lastFeedTime())! - breach.instant).toBeLessThanOrEqual(0);
      running = await startEngine({ ...options, remoteUrl: `${options.remoteUrl}-gone`, ...past });
      const status = await ended();
      expect(status.strategies).toMatchObject([{ code: 'breach' }]);
      const record = (where: string) => {
        const { watch, ...rest } = memory(where);
        const { at: _noticed, ...numbers } = watch.breach;
        return {
          ...read(where, (reader) => ({
            fills: reader.fills(),
            decisions: reader.decisions(5_000),
            equity: reader.equitySeries(),
          })),
          memory: { ...rest, watch: { ...watch, breach: numbers } },
          faults: read(where, (reader) => reader.faults(10)).map(({ at: _at, ...fault }) => fault),
        };
      };
      expect(record(dir())).toEqual(record(calm.dir));
    },
    60_000,
  );

  itLong(
    'a limit that was lowered between two bars holds, though nobody says it again',
    async () => {
      await fixture.deploy({ eager: eager() }, { files: risk({ maxDrawdown: 0.5 }) });
      const options = fixture.options({ catchUpBars: 100, paceMs: 3_600_000 });
      const { child, events } = forkEngine(options);
      await until('caught up', () => events.some(({ kind }) => kind === 'caught-up'));
      await fixture.deploy({}, { files: risk({ maxDrawdown: 0.0001 }) });
      await breached();
      child.kill('SIGKILL');
      await exitOf(child);
      const { instant } = memory().watch.breach;
      expect(waiting()).toEqual([]);
      running = await startEngine({ ...options, remoteUrl: `${options.remoteUrl}-gone`, paceMs: 2 });
      await until('a refused entry', () => entriesFrom(instant).length > 0);
      expect(new Set(entriesFrom(instant + 1).map(({ outcome }) => outcome))).toEqual(new Set(['denied:breach']));
    },
    60_000,
  );
});

describe('limits that cannot be read', () => {
  itLong('are the ones known before, and that is said', async () => {
    await fixture.deploy({ eager: eager() }, { files: risk({ maxDrawdown: 0.02 }) });
    running = await startEngine(fixture.options({ catchUpBars: 5, paceMs: 3_600_000 }));
    await untilStatus(dir(), 'Synced', ({ status }) => status === 'Synced');
    for (const text of ['stages: { paper: { maxDrawdwn: 0.5 } }\n', null]) {
      await fixture.deploy({}, { files: { 'policies/risk.yaml': text } });
      const status = await untilStatus(dir(), 'the complaint', ({ reason }) => {
        return reason.includes(text === null ? 'it is missing' : 'stages.paper');
      });
      expect(status).toMatchObject({ status: 'Degraded', strategies: [{ code: 'running' }] });
      expect(status.reason).toContain('stay in force');
    }
    await running.stop();
    running = await startEngine(fixture.options({ catchUpBars: 500 }));
    expect((await ended()).strategies).toMatchObject([{ code: 'breach' }]);
  });

  it('let a new engine start nothing', async () => {
    const broken = await fixture.deploy({ eager: eager() }, { files: { 'policies/risk.yaml': 'stages: none\n' } });
    running = await startEngine(fixture.options());
    const status = await untilStatus(dir(), 'the complaint', ({ commit }) => commit === broken);
    expect(status).toMatchObject({ status: 'Degraded', strategies: [{ code: 'no-limits', tree: null }] });
    await fixture.deploy({}, { files: risk({ maxDrawdown: 0.9 }) });
    await untilStatus(dir(), 'Synced', ({ status }) => status === 'Synced');
  });
});
