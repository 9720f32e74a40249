import { Big } from 'big.js';
import { afterEach, describe, expect, it } from 'vitest';
import { bars, entry, Scene, type SceneOptions, still, symbol } from './scene.ts';

let scene: Scene;
afterEach(() => scene.close());

const flat = bars([still(1000), still(1000), still(1000), still(1000), still(1000), still(1000)]);
const aWhile = 400_000;

async function begin(options: Partial<SceneOptions> = {}): Promise<Scene> {
  scene = await Scene.begin({ candles: flat, ...options });
  return scene;
}

const byHand = (kind: 'market' | 'limit', side: 'buy' | 'sell' = 'buy') => ({
  clientOrderId: null,
  symbol,
  side,
  kind,
  quantity: new Big(1),
  limitPrice: kind === 'limit' ? new Big(900) : null,
  stopPrice: null,
});

const codes = () => scene.trader.health().frozen.map(({ code }) => code);

describe('what the journal does not explain', () => {
  it('as an order that somebody else made freezes the symbol: no entry until a person has looked', async () => {
    await begin();
    scene.exchange.place('me', byHand('limit'));
    await scene.pass(aWhile);
    expect(codes()).toEqual(['foreign-order']);
    await scene.decide(entry);
    expect(scene.account.takeRecord().denials.map(({ code }) => code)).toEqual(['frozen']);
    expect(await answer(scene.trader.resolve(symbol, 'mine, made by hand'))).toBe(null);
    await scene.decide(entry);
    expect(scene.held()).toBe(5);
    await scene.pass(aWhile);
    expect(codes()).toEqual([]);
  });

  it('as a fill, or a balance, freezes it with the numbers; what is held stays protected and may go', async () => {
    await begin();
    await scene.decide(entry);
    scene.exchange.place('me', byHand('market'));
    await scene.pass(aWhile);
    expect([...new Set(codes())].sort()).toEqual(['balance', 'foreign-fill']);
    expect(scene.troubles.map(({ message }) => message).join(' ')).toMatch(/has 6 BTC; by the journal it should have 5 \(\+1\)/);
    expect(scene.open()).toHaveLength(1);
    await scene.decide({ action: 'exit' });
    expect(scene.held()).toBe(0);
    expect(scene.balance('BTC')).toBe('1');
    expect(await answer(scene.trader.resolve(symbol, 'bought by hand'))).toBe(null);
    await scene.pass(aWhile);
    expect(codes()).toEqual([]);
  });

  it('as a coin that is missing sells what is really there, and no more', async () => {
    await begin();
    await scene.decide(entry);
    const [stop] = scene.open();
    scene.exchange.cancel('me', stop!.number);
    scene.exchange.place('me', byHand('market', 'sell'));
    await scene.pass(aWhile);
    expect(codes()).toContain('balance');
    await scene.decide({ action: 'exit' }, 60_000);
    expect(scene.balance('BTC')).toBe('0');
    expect(scene.held()).toBe(1);
  });

  it('is frozen still after a restart', async () => {
    await begin();
    scene.exchange.place('me', byHand('limit'));
    await scene.pass(aWhile);
    await scene.live();
    expect(codes()).toEqual(['foreign-order']);
  });
});

describe('what is explained', () => {
  it('freezes nothing: money that was there before, a stop that somebody cancelled, our own fills', async () => {
    await begin({ exchange: { balances: { me: { USD: '100000', BTC: '3' } } } });
    await scene.decide(entry);
    const [stop] = scene.open();
    scene.exchange.cancel('me', stop!.number);
    await scene.pass(aWhile);
    expect(codes()).toEqual([]);
    expect(scene.story()).toEqual(['entry filled 5', 'protection cancelled 0', 'protection open 0']);
    await scene.decide({ action: 'exit' });
    await scene.pass(aWhile);
    expect(codes()).toEqual([]);
    expect(scene.balance('BTC')).toBe('3');
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

/** Lets time pass until there is an answer. */
async function answer<T>(promise: Promise<T>): Promise<T> {
  let result: { readonly value: T } | null = null;
  void promise.then((value) => {
    result = { value };
  });
  for (let second = 0; second < 60 && result === null; second += 1) await scene.pass(1_000);
  return (result as { readonly value: T } | null)!.value;
}
