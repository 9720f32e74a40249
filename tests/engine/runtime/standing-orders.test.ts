import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StoredSeries } from '#engine/feeds/replay-feed.ts';
import { createLog } from '#engine/log.ts';
import { requestAcceptance } from '#engine/runtime/accept-request.ts';
import { type Control, giveOrderHere, obeyedControl, orderGivenHere } from '#engine/runtime/control.ts';
import { builderAt } from '#engine/runtime/history.ts';
import { knownLimits } from '#engine/runtime/limits.ts';
import type { LoadedVersion } from '#engine/runtime/loaded-version.ts';
import { enginePaths } from '#engine/runtime/options.ts';
import { accountKindOf, type SlotAccount } from '#engine/runtime/slot-account.ts';
import { StandingOrders } from '#engine/runtime/standing-orders.ts';
import { StrategySlot } from '#engine/runtime/strategy-slot.ts';
import { EngineStore } from '#engine/store/engine-store.ts';

const minute = 60_000;
const symbol = 'BTC/USD';
const now = Date.UTC(2026, 2, 1, 13);
const limits = { stages: { paper: { maxDrawdown: 0.02 } } };

let dir: string;
let store: EngineStore;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ratchet-standing-'));
  store = EngineStore.open(dir);
});
afterEach(() => {
  vi.restoreAllMocks();
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

const order = (mode: Control['mode']): Control => ({ mode, by: 'alice', at: new Date(now).toISOString(), reason: '' });
const full = () => Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });

/** The disk takes the first thing that is written, or everything but the commit, once only. */
const troubles = {
  'the first write': () =>
    vi.spyOn(store, 'setMeta').mockImplementationOnce(() => {
      throw full();
    }),
  'the commit': () => {
    const { transaction } = store;
    return vi.spyOn(store, 'transaction').mockImplementationOnce((work) =>
      transaction.call(store, () => {
        work();
        throw full();
      }),
    );
  },
};
const places = Object.keys(troubles) as (keyof typeof troubles)[];

/** One strategy on paper that had 10,000 at its first bar and 9,000 at its second, and the engine's orders over it. */
async function stand() {
  const empty = new Float64Array(0);
  const columns = { time: empty, open: empty, high: empty, low: empty, close: empty, volume: empty };
  const series = [new StoredSeries(symbol, '1m', columns)];
  const halts: string[] = [];
  let equity = 10_000;
  const openAccount = (): SlotAccount => ({
    settings: { symbols: [symbol], barMs: minute },
    onBars: () => undefined,
    submit: () => undefined,
    positions: () => [{ symbol, quantity: 0, entryPrice: 0, barsHeld: 0 }],
    equity: () => equity,
    takeRecord: () => ({ fills: [], trades: [], denials: [] }),
    setHalt: (halt) => halts.push(halt),
    setVersion: () => undefined,
    snapshot: () => ({}) as never,
  });
  const live = {
    step: async () => ({ decisions: [{ symbol, action: 'hold', reason: 'waits' }], state: {} }),
    close: async () => undefined,
  };
  const version = {
    candidate: { tree: 'one', manifest: { stage: 'paper' } },
    ...{ symbols: [symbol], timeframe: '1m', barMs: minute, anchor: 0, live, lacking: [] },
    builder: builderAt(series, [symbol], '1m', 0),
  } as unknown as LoadedVersion;
  const options = { id: 'trend', series, openAccount, kindOf: accountKindOf, expect: () => undefined, clock: () => now - 1 };
  const slot = new StrategySlot({ ...options, load: async () => version }, 0);
  await slot.challenge(version);
  for (const index of [0, 1]) {
    const bar = { symbol, time: index * minute, open: 1, high: 1, low: 1, close: 1, volume: 1 };
    (await slot.take({ time: (index + 1) * minute, bars: [bar], ages: [0], missing: [] })).carryOut();
    equity = 9_000;
  }
  const slots = new Map([['trend', slot]]);
  const orders = new StandingOrders({ store, slots, shares: null, clock: () => now, log: createLog('silent') });
  const kept = () => JSON.parse(store.accounts()[0]!.memory).watch.breach;
  const faults = () => store.faults(10).map(({ code }) => code);
  return { orders, halts, kept, faults };
}

describe('what the disk did not take is met whole at the next try', () => {
  it.each(places)('an order, where it was %s that failed', async (place) => {
    const { orders, halts } = await stand();
    troubles[place]();
    const text = JSON.stringify(order('halted'));
    expect(() => orders.hear('here', text)).toThrow('disk is full');
    expect([orders.control.mode, obeyedControl(store).mode]).toEqual(['active', 'active']);
    orders.hear('here', text);
    expect([orders.control, obeyedControl(store), halts.at(-1)]).toEqual([order('halted'), order('halted'), 'halted']);
  });

  it.each(places)('limits, and the breach that they find, where it was %s that failed', async (place) => {
    const { orders, kept, faults } = await stand();
    troubles[place]();
    expect(() => orders.obeyLimits(limits as never)).toThrow('disk is full');
    expect([orders.limits, knownLimits(store)]).toEqual([null, null]);
    orders.obeyLimits(limits as never);
    expect([orders.limits, knownLimits(store)]).toMatchObject([limits, limits]);
    expect(faults()).toEqual(['risk/breach']);
    expect(kept()).toMatchObject({ kind: 'drawdown', equity: 9_000 });
  });

  it.each(places)('the end of a breach, where it was %s that failed', async (place) => {
    const { orders, kept, faults } = await stand();
    orders.obeyLimits(limits as never);
    troubles[place]();
    const text = JSON.stringify(order('active'));
    expect(() => orders.hear('here', text)).toThrow('disk is full');
    expect(kept()).not.toBeNull();
    orders.hear('here', text);
    expect([kept(), faults()]).toEqual([null, ['risk/breach']]);
  });
});

describe('a file in which an order is given', () => {
  /** Where the tests are root's, who may read everything, `work` is done as nobody. */
  const asEngine = <T>(work: () => T): T => {
    if (process.getuid!() !== 0) return work();
    process.seteuid!(65_534);
    try {
      return work();
    } finally {
      process.seteuid!(0);
    }
  };
  const { order: path } = enginePaths('.');

  it('that the engine may not read is said, and changes nothing', async () => {
    const { orders } = await stand();
    chmodSync(dir, 0o755);
    giveOrderHere(dir, order('halted'));
    chmodSync(join(dir, path), 0o000);
    orders.hear(
      'here',
      asEngine(() => orderGivenHere(dir)),
    );
    expect(orders.control.mode).toBe('active');
    expect(orders.problems).toMatchObject([
      {
        status: 'Degraded',
        code: 'control',
        reason: expect.stringMatching(/^order\.json cannot be read \(EACCES.*stays active\./),
      },
    ]);
    chmodSync(join(dir, path), 0o644);
    orders.hear(
      'here',
      asEngine(() => orderGivenHere(dir)),
    );
    expect([orders.control.mode, orders.problems]).toEqual(['halted', []]);
  });

  it('that is no file is said too', async () => {
    const { orders } = await stand();
    mkdirSync(join(dir, path));
    orders.hear('here', orderGivenHere(dir));
    expect(orders.problems).toMatchObject([{ code: 'control', reason: expect.stringContaining('EISDIR') }]);
  });

  it('may be read by the engine, whoever gives it, and replaces what only its owner may read', () => {
    const umask = process.umask(0o077);
    try {
      writeFileSync(join(dir, path), '');
      giveOrderHere(dir, order('halted'));
      requestAcceptance(dir, { symbol, by: 'alice', reason: 'I looked' });
    } finally {
      process.umask(umask);
    }
    const modes = [enginePaths(dir).order, enginePaths(dir).accept].map((file) => statSync(file).mode & 0o777);
    expect(modes).toEqual([0o644, 0o644]);
  });
});
