import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockHolder } from '#engine/runtime/lock.ts';
import {
  type EngineFixture,
  engineFixture,
  exitOf,
  type ForkedEngine,
  ForkedEngines,
  hourMs,
  read,
  replayFrom,
  startEngine,
  strategyText,
  untilOf,
  untilStatus,
} from './engine-fixture.ts';

let fixture: EngineFixture;
const engines = new ForkedEngines();
const { run } = engines;
beforeEach(async () => {
  fixture = await engineFixture();
});
afterEach(async () => {
  await engines.end();
  fixture.dispose();
});

describe('an engine killed again and again', () => {
  it('ends with the very same record as one that was never disturbed', async () => {
    await fixture.deploy({ trend: strategyText() });
    const calm = fixture.options({ dir: `${fixture.options().dir}-calm` });
    const undisturbed = await startEngine(calm);
    await untilStatus(calm.dir, 'the end of the data', ({ feed }) => feed === 'end-of-data');
    await undisturbed.stop();

    // Some of the replay comes in batches, some bar by bar.
    const options = fixture.options({ catchUpBars: 150, paceMs: 2 });
    // Before it has begun, within the first batch, between batches, and at bars of their own: spread over the whole run.
    for (const bars of [0, 1, 3, 90, 7, 140]) {
      const engine = run(options);
      await untilOf(
        engine,
        'some progress',
        () => engine.events.filter(({ kind }) => kind === 'bar').length >= bars || hasEnded(engine),
      );
      engine.child.kill('SIGKILL');
      await exitOf(engine.child);
    }
    expect(read(options.dir, (reader) => reader.lastFeedTime())).toBeLessThan(replayFrom + 500 * hourMs);
    const last = run(options);
    await untilOf(last, 'the end of the data', () => hasEnded(last));
    last.child.kill('SIGTERM');
    expect(await exitOf(last.child)).toBe(0);

    const record = (dir: string) =>
      read(dir, (reader) => ({
        trades: reader.trades(),
        fills: reader.fills(),
        decisions: reader.decisions(10_000),
        equity: reader.equitySeries(),
        positions: reader.openPositions(),
        time: reader.lastFeedTime(),
        account: JSON.parse(reader.accounts()[0]!.account),
        memory: JSON.parse(reader.accounts()[0]!.memory),
      }));
    const disturbed = record(options.dir);
    expect(disturbed.trades.length).toBeGreaterThan(10);
    expect(disturbed).toEqual(record(calm.dir));
  }, 240_000);
});

const hasEnded = ({ events }: ForkedEngine) =>
  events.some((event) => event.kind === 'status' && event.status.feed === 'end-of-data' && event.status.status === 'Synced');

describe('one engine on one folder', () => {
  it('a second start says who runs, in one line, and changes nothing; readers go on', async () => {
    await fixture.deploy({ trend: strategyText() });
    const options = fixture.options({ catchUpBars: 20, paceMs: 3_600_000 });
    const first = run(options);
    await untilOf(first, 'caught up', () => first.events.some(({ kind }) => kind === 'caught-up'));
    expect(lockHolder(options.dir)).toMatchObject({ pid: first.child.pid });
    const second = run(options);
    expect(await exitOf(second.child)).toBe(1);
    expect(second.stderr().trim().split('\n')).toHaveLength(1);
    expect(second.stderr()).toContain(`process ${first.child.pid}`);
    expect(second.stderr()).toContain('engine/locked');
    expect(read(options.dir, (reader) => reader.counts().decisions)).toBeGreaterThan(0);
    first.child.kill('SIGKILL');
    await exitOf(first.child);
    expect(lockHolder(options.dir)).toBeNull();
    const third = run(options);
    await untilOf(third, 'a start', () => third.events.some(({ kind }) => kind === 'started'));
  }, 120_000);

  it('refuses other candles than those it began with', async () => {
    await fixture.deploy({ trend: strategyText() });
    const options = fixture.options();
    const engine = await startEngine(options);
    await engine.stop();
    const other = { ...options.market, replayFrom: options.market.replayFrom + hourMs };
    await expect(startEngine({ ...options, market: other })).rejects.toMatchObject({ code: 'engine/other-market' });
  });

  it('ends when its parent goes away', async () => {
    await fixture.deploy({ trend: strategyText() });
    const engine = run(fixture.options({ catchUpBars: 20, paceMs: 3_600_000 }));
    const { child, events } = engine;
    await untilOf(engine, 'caught up', () => events.some(({ kind }) => kind === 'caught-up'));
    child.disconnect();
    expect(await exitOf(child)).toBe(0);
    expect(lockHolder(fixture.options().dir)).toBeNull();
  }, 120_000);

  it('goes on without the remote from what it last knew', async () => {
    const commit = await fixture.deploy({ trend: strategyText() });
    const options = fixture.options({ catchUpBars: 50, paceMs: 20 });
    const first = run(options);
    await untilOf(first, 'Synced', () => first.events.some(({ kind }) => kind === 'synced'));
    first.child.kill('SIGKILL');
    await exitOf(first.child);
    const before = read(options.dir, (reader) => reader.counts().decisions);
    const second = run({ ...options, remoteUrl: `${options.remoteUrl}-gone` });
    await untilOf(second, 'more decisions', () => read(options.dir, (reader) => reader.counts().decisions > before + 10));
    const status = await untilStatus(options.dir, 'the complaint', ({ reason }) => reason.includes('does not answer'));
    expect(status.strategies).toMatchObject([{ code: 'running', commit }]);
    second.child.kill('SIGTERM');
    await exitOf(second.child);
  }, 120_000);
});
