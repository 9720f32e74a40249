import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { giveOrderHere } from '#engine/runtime/control.ts';
import { StoredSimulation } from '#engine/simulation/snapshot-schema.ts';
import { itLong } from '#tests/support/long.ts';
import {
  type EngineFixture,
  engineFixture,
  exitOf,
  forkEngine,
  type RunningEngine,
  read,
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

/** In Bitcoin it is always in, but may leave for a bar; in Ether it waits for a price that never comes. */
const inBitcoin = (whileIn: string) =>
  strategyText({
    onBar: `
    if (context.symbol === 'ETH/USDT') {
      if (state.bars === 1) return context.limit(0.2, bar.close * 0.3, 'waits far below');
      return context.hold('waits');
    }
    if (position.isOpen) return ${whileIn};
    if (bar.close > 0) return context.target(0.4, 'always in');`,
  });
const eager = inBitcoin("state.bars % 30 === 0 ? context.exit('thirty bars') : context.hold('in position')");
const steady = inBitcoin("context.hold('in position')");

const dir = () => fixture.options().dir;
const books = () =>
  read(dir(), (reader) => {
    const [row] = reader.accounts();
    return row === undefined ? [] : StoredSimulation.parse(JSON.parse(row.account)).books;
  });
const waiting = () => books().flatMap(({ symbol, order }) => (order === null ? [] : [`${order.kind} ${symbol}`]));
const held = () => books().flatMap(({ symbol, position }) => (position === null ? [] : [symbol]));
const outcomes = () => read(dir(), (reader) => reader.decisionCounts().map(({ outcome }) => outcome));

/** An engine that holds Bitcoin while its order for Ether waits, and then obeys `mode`. */
async function underControl(mode: string, strategy: Readonly<Record<string, string>>) {
  await fixture.deploy(strategy);
  running = await startEngine(fixture.options({ catchUpBars: 20, paceMs: 20 }));
  await until('a position beside a waiting order', () => held().includes('BTC/USDT') && waiting().includes('limit ETH/USDT'));
  await fixture.control(mode);
  const status = await untilStatus(dir(), mode, (status) => status.mode === mode);
  expect(status.control).toEqual({ mode, by: 'test', at: expect.stringMatching(/Z$/), reason: 'because' });
}

describe('paused', () => {
  it('refuses new entries, and leaves alone what waits and what is held', async () => {
    await underControl('paused', { eager });
    await until('a refused entry', () => outcomes().includes('denied:paused'));
    // What made room for the entry was the strategy's own exit: it passed.
    expect(read(dir(), (reader) => reader.trades().at(-1))).toMatchObject({ exitReason: 'thirty bars' });
    expect(held()).toEqual([]);
    expect(waiting()).toEqual(['limit ETH/USDT']);
    await fixture.control('active');
    await until('an entry', () => held().includes('BTC/USDT'));
  });
});

describe('halted', () => {
  it('withdraws waiting entry orders at once, refuses new ones, and leaves what is held to its strategy', async () => {
    await underControl('halted', { eager });
    await until('the withdrawal', () => waiting().length === 0);
    expect(read(dir(), (reader) => reader.decisions(1000).filter(({ action }) => action === 'limit'))).toMatchObject([
      { symbol: 'ETH/USDT', outcome: 'denied:withdrawn' },
    ]);
    await until('a refused entry', () => outcomes().includes('denied:halted'));
    const exits = read(dir(), (reader) => reader.trades().map(({ exitReason }) => exitReason));
    expect(new Set(exits)).toEqual(new Set(['thirty bars']));
    await fixture.control('active');
    await until('an entry', () => held().includes('BTC/USDT'));
  });
});

describe('reducing', () => {
  it('closes every position at the next open, with fee and reason, and enters no more', async () => {
    await underControl('reducing', { steady });
    await until('nothing held', () => held().length === 0);
    await until('a refused entry', () => outcomes().includes('denied:reducing'));
    const { decisions, fills, trades } = read(dir(), (reader) => ({
      decisions: reader.decisions(1000),
      fills: reader.fills(),
      trades: reader.trades(),
    }));
    const reason = 'the control says reducing, as test asked: because';
    const exits = decisions.filter((decision) => decision.reason === reason);
    expect(exits).toMatchObject([{ symbol: 'BTC/USDT', action: 'exit', outcome: 'accepted' }]);
    // A bar opens when the one before it closes.
    expect(fills.at(-1)).toMatchObject({ side: 'sell', reason, cause: 'decision', time: exits[0]!.instant });
    expect(fills.at(-1)!.fee).toBeCloseTo(fills.at(-1)!.quantity * fills.at(-1)!.price * 0.001, 10);
    expect(trades.at(-1)).toMatchObject({ symbol: 'BTC/USDT', exitReason: reason, exitCause: 'decision' });
    expect(waiting()).toEqual([]);
  });
});

describe('an order that is given on the machine of the engine', () => {
  async function obeyedAfterMs(): Promise<number> {
    const from = Date.now();
    giveOrderHere(dir(), { mode: 'halted', by: 'owner', at: new Date().toISOString(), reason: 'now' });
    await untilStatus(dir(), 'halted', ({ mode }) => mode === 'halted');
    return Date.now() - from;
  }
  /** Bars that nobody has answered for a second. */
  const standstill = (bars: () => number) =>
    until('a bar that is not answered', async () => {
      const before = bars();
      await new Promise((wake) => setTimeout(wake, 1_000));
      return bars() === before;
    });

  it('does not wait for a strategy that does not answer', async () => {
    const hangs = strategyText({ onBar: 'for (; state.bars > 3; ) state.mean += 1;' });
    await fixture.deploy({ eager, hangs });
    running = await startEngine(fixture.options({ paceMs: 50 }));
    await standstill(() => running!.events.filter(({ kind }) => kind === 'bar').length);
    expect(await obeyedAfterMs()).toBeLessThan(2_500);
    expect(read(dir(), (reader) => reader.faults(10))).toEqual([]);
  });

  itLong('does not wait for a version that does not load', async () => {
    await fixture.deploy({ eager });
    running = await startEngine(fixture.options({ paceMs: 300 }));
    await until('bars', () => running!.events.filter(({ kind }) => kind === 'bar').length > 3);
    const endless = 'warmupBars: ({ slow }) => { let bars = slow; while (bars > 0) bars += 1; return bars; }';
    await fixture.deploy({ hangs: strategyText().replace('warmupBars: ({ slow }) => slow * 3', endless) });
    await standstill(() => running!.events.filter(({ kind }) => kind === 'bar').length);
    expect(await obeyedAfterMs()).toBeLessThan(2_500);
    expect(read(dir(), (reader) => reader.deployments())).toHaveLength(1);
  });
});

describe('an order to the engine', () => {
  it.each(['paused', 'reducing', 'halted'])(
    '%s is obeyed after a kill, though nobody says it again',
    async (mode) => {
      await fixture.deploy({ eager });
      // It catches up, takes a bar, and then stands still: the order is obeyed between two bars and nothing after it is stored.
      const options = fixture.options({ catchUpBars: 20, paceMs: 3_600_000 });
      const killed = forkEngine(options);
      await until('a position', () => killed.events.some(({ kind }) => kind === 'caught-up') && held().includes('BTC/USDT'));
      await fixture.control(mode);
      await untilStatus(dir(), mode, (status) => status.mode === mode);
      killed.child.kill('SIGKILL');
      await exitOf(killed.child);
      expect(waiting()).toEqual(['limit ETH/USDT']);
      running = await startEngine({ ...options, remoteUrl: `${options.remoteUrl}-gone`, paceMs: 5 });
      await until('a refused entry', () => outcomes().includes(`denied:${mode}`));
      expect(held()).toEqual([]);
      expect(waiting()).toEqual(mode === 'paused' ? ['limit ETH/USDT'] : []);
      expect(read(dir(), (reader) => reader.trades().at(-1)?.exitReason)).toBe(
        mode === 'reducing' ? 'the control says reducing, as test asked: because' : 'thirty bars',
      );
      const fills = read(dir(), (reader) => reader.fills());
      expect(fills.filter(({ side }) => side === 'buy')).toHaveLength(1);
    },
    60_000,
  );
});
