import { Big } from 'big.js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { unwatched } from '#engine/trading/verify-journal.ts';
import { market } from '#tests/engine/venues/rehearsal/small-market.ts';
import { bars, entry, hour, Scene, type SceneOptions, start, still, symbol } from './scene.ts';

let scene: Scene;
afterEach(() => scene.close());

const flat = bars([still(1000), still(1000), still(1000), still(1000), still(1000), still(1000)]);

async function begin(options: Partial<SceneOptions> = {}): Promise<Scene> {
  scene = await Scene.begin({ candles: flat, ...options });
  return scene;
}

describe('a decision on its way to the venue', () => {
  it('is bought with a limit that no fill passes, and is protected by a stop at the venue', async () => {
    await begin();
    await scene.decide(entry);
    expect(scene.story()).toEqual(['entry filled 5', 'protection open 0']);
    const [stop] = scene.open();
    expect([stop!.kind, stop!.quantity.toFixed(), stop!.stopPrice!.toFixed()]).toEqual(['stop', '5', '900']);
    expect(scene.held()).toBe(5);
    expect(scene.balance('BTC')).toBe('5');
  });

  it('goes out again by taking the stop away first, and the trade is told', async () => {
    await begin();
    await scene.decide(entry);
    await scene.decide({ action: 'exit' });
    expect(scene.story()).toEqual(['entry filled 5', 'protection cancelled 0', 'exit filled 5']);
    expect(scene.open()).toEqual([]);
    expect(scene.held()).toBe(0);
    const { trades, fills } = scene.account.takeRecord();
    expect(fills.map(({ side, cause }) => `${side} ${cause}`)).toEqual(['buy entry', 'sell decision']);
    expect(trades).toHaveLength(1);
    expect(trades[0]).toMatchObject({ quantity: 5, exitCause: 'decision', version: 'tree' });
    expect(scene.account.equity()).toBeCloseTo(10_000 + trades[0]!.netResult, 6);
    expect(Number(scene.balance('USD'))).toBeCloseTo(100_000 + trades[0]!.netResult, 6);
  });
});

it('takes an exit that is decided before its market is known, and holds nothing against one who holds', async () => {
  await begin();
  await scene.decide(entry);
  await scene.closeBar();
  await scene.live(0, scene.account.taken);
  const time = scene.world.now() - hour;
  scene.account.onBars([{ symbol, time, open: 1000, high: 1000, low: 1000, close: 1000, volume: 1 }]);
  const decisions = (['hold', 'exit'] as const).map((action) => ({ symbol, action, reason: 'because' }));
  for (const decision of decisions) scene.account.submit([decision]);
  expect(scene.account.takeRecord().denials).toEqual([]);
  await scene.pass(5_000);
  expect([scene.story().at(-1), scene.held()]).toEqual(['exit filled 5', 0]);
});

it('carries out the first decision of a strategy that was expected, on a market that nobody traded before', async () => {
  await begin({ exchange: { markets: [market(flat), market(flat, { symbol: 'ETH/USD' })] } });
  scene.trader.expect('new', { symbols: ['ETH/USD'], barMs: hour });
  await scene.closeBar();
  const account = scene.trader.account({ strategy: 'new', stage: 'live', symbols: ['ETH/USD'], barMs: hour, capital: 10_000 });
  account.onBars([
    { symbol: 'ETH/USD', time: scene.world.now() - hour, open: 1000, high: 1000, low: 1000, close: 1000, volume: 1 },
  ]);
  account.submit([{ symbol: 'ETH/USD', reason: 'because', ...entry }]);
  expect(account.takeRecord().denials).toEqual([]);
  await scene.pass(2_000);
  expect(scene.story()).toEqual(['entry filled 5', 'protection open 0']);
});

describe('what is ordered within one commit', () => {
  it('leaves when that is on disk, and not before', async () => {
    await begin();
    await scene.closeBar();
    const sent = () => scene.link.calls.filter(({ name }) => name === 'place').length;
    scene.trader.together(() => {
      scene.account.submit([{ symbol, reason: 'because', ...entry }]);
      expect([scene.story(), sent()]).toEqual([['entry pending 0'], 0]);
    });
    await scene.pass(0);
    expect(sent()).toBe(1);
    await scene.pass(2_000);
    expect(scene.story()).toEqual(['entry filled 5', 'protection open 0']);
  });

  it('never leaves when it could not be written, and neither does anything else', async () => {
    await begin();
    await scene.closeBar();
    const fail = () =>
      scene.trader.together(() => {
        scene.account.submit([{ symbol, reason: 'because', ...entry }]);
        throw new Error('no room is left');
      });
    expect(fail).toThrow('no room is left');
    await scene.pass(2_000);
    expect([scene.story(), scene.exchange.orders('me'), scene.trader.health().isBroken]).toEqual([[], [], true]);
  });
});

it('a limit that the prices before a close pass, and that cannot be written, ends trading and not the process', async () => {
  const falling = bars([still(1000), still(1000), [1000, 1000, 905, 905], still(905)]);
  await begin({ candles: falling, limits: { maxDrawdown: 0.02 }, timings: { pollMs: 50 * hour, reconcileMs: 50 * hour } });
  await scene.decide({ ...entry, stopLoss: 0.2 });
  const closesAt = start + 3 * hour;
  await scene.pass(closesAt - 1_600 - scene.world.now());
  vi.spyOn(scene.journal, 'transaction').mockImplementation(() => {
    throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
  });
  await scene.pass(1_100);
  expect(scene.trader.health().isBroken).toBe(true);
  expect(scene.troubles).toMatchObject([{ kind: 'journal', message: expect.stringContaining('disk is full') }]);
});

describe('an entry that waits at the venue', () => {
  const dip = bars([still(1000), still(1000), [1000, 1000, 850, 850], ...Array.from({ length: 5 }, () => still(850))]);
  const waiting = { ...entry, action: 'limit', price: 950 } as const;

  it('is withdrawn when trading stops, and the stop of what is held stays', async () => {
    await begin({ candles: bars(Array.from({ length: 8 }, () => still(1000))) });
    await scene.decide({ ...entry, weight: 0.3 });
    await scene.decide(waiting);
    expect(scene.open().map(({ side, kind }) => `${side} ${kind}`)).toEqual(['sell stop', 'buy limit']);
    void scene.trader.stop();
    await scene.pass(6_000);
    expect(scene.open().map(({ side, kind }) => `${side} ${kind}`)).toEqual(['sell stop']);
    expect(unwatched(scene.journal)).toMatchObject({ lanes: [{ strategy: 's', symbol, quantity: new Big(3) }], entries: [] });
  });

  it('that cannot be withdrawn in time is known to the journal, as it is after a death', async () => {
    await begin({ candles: dip });
    await scene.decide(waiting);
    scene.link.isDead = true;
    void scene.trader.stop();
    await scene.pass(6_000);
    expect(scene.open()).toHaveLength(1);
    expect(unwatched(scene.journal).entries).toMatchObject([{ symbol, role: 'entry', state: 'open' }]);
  });
});

describe('a halt', () => {
  it('takes entries back at once and lets exits pass', async () => {
    await begin();
    await scene.decide({ ...entry, weight: 0.2 });
    await scene.decide({ ...entry, action: 'limit', price: 950, weight: 0.5 });
    expect(scene.open()).toHaveLength(2);
    scene.account.setHalt('halted');
    await scene.pass(2_000);
    expect(scene.open().map(({ kind }) => kind)).toEqual(['stop']);
    await scene.decide({ ...entry, weight: 1 });
    await scene.decide({ action: 'exit' });
    expect(scene.held()).toBe(0);
    expect(scene.account.takeRecord().denials.map(({ code }) => code)).toEqual(['withdrawn', 'halted']);
  });

  it('that only pauses leaves what rests', async () => {
    await begin();
    await scene.decide({ ...entry, action: 'limit', price: 950 });
    scene.account.setHalt('paused');
    await scene.pass(2_000);
    expect(scene.open()).toHaveLength(1);
  });
});

describe('flatten', () => {
  it('sells everything, and ends when the venue has confirmed that nothing is left', async () => {
    await begin();
    await scene.decide({ ...entry, weight: 0.2 });
    await scene.decide({ ...entry, action: 'limit', price: 950, weight: 0.5 });
    scene.trader.flatten('enough');
    expect(scene.trader.health().halt.mode).toBe('flattening');
    // Everything is sold, and the venue has not been asked yet whether that is so.
    scene.link.next('balances', 'request-lost', 'request-lost');
    await scene.pass(500);
    expect(scene.balance('BTC')).toBe('0');
    expect(scene.open()).toEqual([]);
    expect(scene.trader.health().halt.mode).toBe('flattening');
    await scene.pass(30_000);
    expect(scene.trader.health().halt.mode).toBe('active');
    // However long the strategy's next bar takes.
    const { forced } = scene.account.takeRecord();
    expect(forced).toMatchObject([{ symbol: 'BTC/USD', cause: 'flatten', reason: 'enough' }]);
    expect(forced[0]!.checks.length).toBeGreaterThan(3);
  });

  it('is in the record of the strategy after a restart too, if it was not before', async () => {
    await begin();
    await scene.decide(entry);
    scene.account.takeRecord();
    scene.trader.flatten('enough');
    await scene.pass(5_000);
    const { taken } = scene.account;
    await scene.live(500, taken);
    const told = () => scene.account.takeRecord().forced.map(({ cause, reason }) => `${cause}: ${reason}`);
    expect([told(), told()]).toEqual([['flatten: enough'], []]);
    // Told, with other things committed since, and never recorded: the process dies in between.
    scene.trader.together(() => undefined);
    await scene.live(500, taken);
    expect(told()).toEqual(['flatten: enough']);
    scene.trader.together(() => scene.trader.noteRecorded());
    expect(told()).toEqual([]);
    await scene.live(500, taken);
    expect(told()).toEqual([]);
  });

  it('goes on after a restart', async () => {
    await begin();
    await scene.decide(entry);
    scene.link.next('cancel', 'dies-before');
    scene.trader.flatten('enough');
    await scene.pass(1_000);
    await scene.live(100);
    expect(scene.trader.health().halt.mode).toBe('flattening');
    await scene.pass(30_000);
    expect(scene.balance('BTC')).toBe('0');
    expect(scene.trader.health().halt.mode).toBe('active');
  });

  it('sells what an order brings that was on its way', async () => {
    await begin();
    scene.link.next('place', 'late');
    await scene.decide(entry);
    scene.trader.flatten('enough');
    await scene.pass(60_000);
    expect(scene.balance('BTC')).toBe('0');
    expect(scene.story()[0]).toBe('entry filled 5');
    expect(scene.trader.health().halt.mode).toBe('active');
  });
});

describe('a dead-man switch', () => {
  it('that takes stops away is armed only while none rests', async () => {
    await begin();
    await scene.decide({ ...entry, action: 'limit', price: 950 });
    const { deadMan } = scene.trader.health();
    expect(deadMan.state).toBe('armed');
    const leftMs = deadMan.state === 'armed' ? deadMan.until - scene.world.now() : Number.NaN;
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(60_000);
    scene.link.isDead = true;
    await scene.pass(61_000);
    expect(scene.open()).toEqual([]);
    await scene.live();
    await scene.decide(entry);
    await scene.pass(120_000);
    expect(scene.trader.health().deadMan).toEqual({ state: 'off' });
    expect(scene.open().map(({ kind }) => kind)).toEqual(['stop']);
  });
});
