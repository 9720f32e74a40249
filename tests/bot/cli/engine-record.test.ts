import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '#engine/clock.ts';
import { EngineStore } from '#engine/store/engine-store.ts';
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
} from '#tests/engine/runtime/engine-fixture.ts';
import { ratchetHere } from '#tests/support/ratchet-here.ts';

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

const engine = (...args: string[]) => ratchetHere('engine', ...args, '--workspace', fixture.root);

/** The fixture's folder has a workspace's engine and candles; this is what makes it one. */
function makeWorkspace(): void {
  const { market, capital } = fixture.options();
  const span = { from: replayFrom, to: replayFrom + hourMs };
  const spans = { development: span, selection: span, vault: span };
  const evaluation = { dataset: market.dataset, spans, markets: market.markets, capital, seed: 1 };
  writeFileSync(
    join(fixture.root, 'market.json'),
    JSON.stringify({ origin: 'the test', evaluation, dataset: market.dataset, replayFrom }),
  );
}

describe('ratchet engine', () => {
  it('lists positions, trades and decisions of the record, for people and for programs', async () => {
    makeWorkspace();
    const onBar = `
      if (position.isOpen && state.bars % 10 === 0) return context.exit('ten bars');
      if (position.isOpen) return context.hold('in position');
      if (bar.close > 0) return context.target(0.4, 'always in', { stopLoss: 0.5 });`;
    await fixture.deploy({ eager: strategyText({ onBar, symbols: ['BTC/USDT'] }) });
    running = await startEngine(fixture.options({ catchUpBars: 25, paceMs: 3_600_000 }));
    const { dir } = fixture.options();
    await until('the present', () => running!.events.some(({ kind }) => kind === 'caught-up'));
    // While it runs.
    const positions = JSON.parse((await engine('positions', '--json')).stdout);
    const held = read(dir, (reader) => reader.openPositions());
    expect(positions).toMatchObject(held);
    expect(positions).toMatchObject([{ strategy: 'eager', symbol: 'BTC/USDT', takeProfit: null, stop: expect.any(Number) }]);
    await running.stop();
    expect((await engine('positions')).stdout).toMatch(/^strategy +symbol .*\neager +BTC\/USDT +\d/);
    const { trades, decisions } = read(dir, (reader) => ({ trades: reader.trades(), decisions: reader.tracedDecisions(2) }));
    expect(trades).toHaveLength(2);
    expect(JSON.parse((await engine('trades', '--json')).stdout)).toEqual(trades);
    expect(JSON.parse((await engine('trades', '--json', '--last', '1')).stdout)).toEqual(trades.slice(1));
    expect((await engine('trades')).stdout).toContain('→ ten bars');
    expect(JSON.parse((await engine('decisions', '--json', '--last', '2')).stdout)).toEqual(decisions);
    expect((await engine('decisions')).stdout.trimEnd().split('\n')).toHaveLength(21);
    const traced = (await engine('decisions', '--trace', '--last', '10')).stdout;
    expect(traced).toMatch(
      / {2}eager {2}BTC\/USDT {2}target {2}accepted {2}always in\n {2}its bar was known 0 s after it closed\n {10}check +value +limit\n/,
    );
    expect(traced).toMatch(/\n {2}passed {2}weight-out-of-bounds +0\.4 +between 0 and 1\n/);
    expect(traced).toMatch(/ {2}hold {2}held {2}in position\n {2}its bar was known 0 s after it closed\n {2}nothing was asked\n/);
    const store = EngineStore.open(dir);
    const sale = { symbol: 'BTC/USDT', cause: 'horizon', reason: 'time is up', checks: [] };
    const step = {
      strategy: 'other',
      treeHash: 't',
      instant: store.lastFeedTime()!,
      fills: [],
      trades: [],
      denials: [],
      equity: 1,
    };
    store.addStep({ ...step, forced: [sale], decisions: [] });
    store.close();
    expect((await engine('decisions', '--trace', '--last', '1')).stdout).toMatch(
      / {2}other {2}BTC\/USDT {2}exit by horizon {2}accepted {2}time is up\n {2}the strategy did not decide it: .*\n {2}nothing was asked\n/,
    );
    const [truth] = JSON.parse((await engine('truth', '--json')).stdout);
    expect(truth).toMatchObject({ strategy: 'eager', trades: 2, fees: trades[0]!.fees + trades[1]!.fees });
    expect(truth).toMatchObject({ scansMade: 25, scansExpected: 25, dataAge: 0, versions: 1 });
    expect(truth.uptime).toBeGreaterThan(0);
    expect((await engine('truth')).stdout).toMatch(/\neager +trades +2 +closed trades it opened\n/);
  });

  it('says where nothing is, or nothing ran', async () => {
    expect(await engine('positions')).toMatchObject({ code: 1, stderr: expect.stringContaining('engine/no-workspace') });
    makeWorkspace();
    for (const list of ['positions', 'trades', 'decisions'])
      expect(await engine(list)).toMatchObject({ code: 1, stderr: expect.stringContaining('store/absent') });
    await (await startEngine(fixture.options())).stop();
    expect((await engine('positions')).stdout).toBe('Nothing is held.\n');
    expect((await engine('trades')).stdout).toBe('No trade has been closed.\n');
    expect((await engine('decisions', '--json')).stdout).toBe('[]\n');
    expect((await engine('truth')).stdout).toBe('Nothing runs.\n');
  });

  it('says whose order it obeys, and since when, and that it runs while no bar comes', async () => {
    makeWorkspace();
    let ahead = 0;
    const { dir, ...options } = { ...fixture.options(), paceMs: 3_600_000 };
    running = await startEngine({ dir, ...options }, { ...systemClock, now: () => systemClock.now() + ahead });
    expect((await engine('status')).stdout).toContain(', active.');
    await fixture.control('paused');
    await until('obedience', async () => /paused since \S+Z by test \(because\)\./.test((await engine('status')).stdout));
    // No bar comes here, and it says all the same that it runs.
    const heard = () => read(dir, (reader) => reader.lastSeen()!);
    const [before, market] = [heard(), read(dir, (reader) => reader.lastFeedTime())];
    ahead = 120_000;
    await until('a heartbeat', () => heard() > before + 119_000);
    expect(read(dir, (reader) => reader.lastFeedTime())).toBe(market);
  });
});
