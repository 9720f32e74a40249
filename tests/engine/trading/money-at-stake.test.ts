import { Big } from 'big.js';
import { afterEach, describe, expect, it } from 'vitest';
import { bars, entry, hour, Scene, type SceneOptions, still, symbol } from './scene.ts';

let scene: Scene;
afterEach(() => scene.close());

const calm = (count: number) => Array.from({ length: count }, () => still(1000));
/** Bought at 1000; an hour later it is worth a fifth less. */
const falling = bars([...calm(2), [1000, 1000, 800, 800], ...Array.from({ length: 9 }, () => still(800))]);
const wide = { ...entry, stopLoss: 0.9 } as const;

async function begin(options: SceneOptions): Promise<void> {
  scene = await Scene.begin(options);
}
const halt = () => scene.trader.health().halt;
const equity = () => JSON.parse(scene.journal.risk()!).risk.ledger.equity as { value: number; peak: number; dayOpening: number };
/** What is lost, as parts; to the twelfth digit, so that they can be compared. */
const parts = () => {
  const { value, peak, dayOpening } = equity();
  const lost = (from: number) => Number((1 - value / from).toFixed(12));
  return { drawdown: lost(peak), day: lost(dayOpening) };
};

describe('what may be lost', () => {
  it('is a part of the money that is there, where the share is more', async () => {
    await begin({
      candles: falling,
      exchange: { balances: { me: { USD: '1000' } } },
      limits: { maxOrder: 0.5, dailyLoss: 0.05 },
    });
    await scene.decide({ ...wide, weight: 0.5 });
    // Half of 1,000 at the highest price that may be paid.
    expect(scene.held()).toBe(0.4901);
    expect(scene.trader.health().money).toEqual({ shares: 10_000, own: 1_000 });
    await scene.decide({ action: 'hold' });
    await scene.decide({ action: 'hold' });
    expect(halt()).toMatchObject({ mode: 'halted', cause: 'daily-loss' });
  });

  it('is a part of the money allowed, however many strategies share it', async () => {
    await begin({ candles: falling, capital: 1_000, limits: { maxCapital: 1_000, dailyLoss: 0.09 } });
    for (const strategy of ['second', 'third']) {
      scene.trader.account({ strategy, stage: 'canary', symbols: [symbol], barMs: hour, capital: 1_000 });
    }
    await scene.decide(wide);
    await scene.decide({ action: 'hold' });
    await scene.decide({ action: 'hold' });
    expect(halt()).toMatchObject({ mode: 'halted', cause: 'daily-loss' });
  });

  it('is not what a person takes out, nor made up by what is paid in', async () => {
    await begin({ candles: bars(calm(14)), exchange: { balances: { me: { USD: '9000' } } } });
    await scene.decide(wide);
    const before = equity();
    const lost = parts();
    expect(lost.drawdown).toBeGreaterThan(0);
    const move = async (amount: number) => {
      scene.exchange.deposit('me', 'USD', new Big(amount));
      await scene.pass(400_000);
      void scene.trader.resolve(symbol, 'rent');
      await scene.pass(400_000);
      await scene.decide({ action: 'hold' });
      expect(halt().mode).toBe('active');
    };
    await move(-3_000);
    expect(equity().value).toBeCloseTo(before.value - 3_000, 6);
    expect(parts()).toEqual(lost);
    await scene.live();
    await scene.decide({ action: 'hold' });
    expect(equity().value).toBeCloseTo(before.value - 3_000, 6);
    expect(parts()).toEqual(lost);
    await move(3_000);
    expect(equity().value).toBeCloseTo(before.value, 6);
    expect(parts()).toEqual(lost);
  });
});

describe('the money of an account', () => {
  it('is one number, in one quote asset: a market that is paid for in another spends none of it', async () => {
    await begin({ candles: bars(calm(14)), exchange: { balances: { me: { USD: '100000', BTC: '10' } } } });
    const seat =
      (strategy: string, ...symbols: string[]) =>
      () =>
        scene.trader.account({ strategy, stage: 'live', symbols, barMs: hour, capital: 1_000 });
    const refusal = expect.objectContaining({
      code: 'engine/other-quote',
      message: expect.stringContaining('ETH/BTC is paid for in BTC and BTC/USD in USD'),
    });
    expect(seat('second', 'ETH/BTC')).toThrow(refusal);
    expect(seat('s', symbol, 'ETH/BTC')).toThrow(refusal);
    expect(scene.trader.symbols).toEqual([symbol]);
    expect(scene.trader.health().money).toMatchObject({ shares: 10_000 });
    expect(seat('second', symbol)).not.toThrow();
  });
});

describe('a strategy that leaves', () => {
  /** Half of the capital is bought at 1000 and sold at 970: 1.5% is lost, and 2.5% from the highest close. */
  const dipping = bars([1000, 1000, 1020, ...Array.from({ length: 9 }, () => 970)].map(still));
  const lose = async () => {
    await begin({ candles: dipping });
    await scene.decide({ ...wide, weight: 0.5 });
    for (let hours = 0; hours < 3; hours += 1) await scene.decide({ action: 'hold' });
    expect(halt().mode).toBe('active');
  };
  const second = (capital: number) =>
    scene.trader.account({ strategy: 'second', stage: 'live', symbols: [symbol], barMs: hour, capital });

  it('as the last one takes the capital with it, and no loss: nothing is left that a loss could be a part of', async () => {
    await lose();
    const lost = parts();
    scene.account.release();
    await scene.pass(1_000_000);
    expect(scene.balance('BTC')).toBe('0');
    expect(halt().mode).toBe('active');
    expect(parts().drawdown).toBe(lost.drawdown);
    // What was lost is not forgotten: whoever comes next goes on from there.
    second(10_000);
    await scene.pass(1_000_000);
    expect(halt().mode).toBe('active');
    expect(parts().drawdown).toBeGreaterThan(lost.drawdown);
    expect(parts().drawdown).toBeLessThan(lost.drawdown + 0.001);
  });

  it('beside another leaves it no greater part lost than there was', async () => {
    await lose();
    second(1_000);
    await scene.pass(400_000);
    const lost = parts();
    expect(lost.drawdown).toBeGreaterThan(0.02);
    scene.account.release();
    await scene.pass(1_000_000);
    expect(scene.balance('BTC')).toBe('0');
    expect(halt().mode).toBe('active');
    // The sale's fee is all that came to it.
    expect(equity().value).toBeCloseTo(1_000 + Number(scene.balance('USD')) - 100_000, 6);
    expect(parts().drawdown).toBeGreaterThanOrEqual(lost.drawdown);
    expect(parts().drawdown).toBeLessThan(lost.drawdown + 0.001);
  });

  it('and comes back finds what was lost as it was', async () => {
    await lose();
    second(1_000);
    await scene.pass(400_000);
    scene.account.release();
    await scene.pass(1_000_000);
    const lost = parts();
    scene.trader.account({ strategy: 's', stage: 'live', symbols: [symbol], barMs: hour, capital: 10_000 });
    await scene.pass(1_000_000);
    expect(equity().value).toBeGreaterThan(10_000);
    expect(parts().drawdown).toBeCloseTo(lost.drawdown, 12);
  });
});

describe('a loss', () => {
  it('is met when it is there, and not when the bar closes on which its strategy decides', async () => {
    await begin({ candles: falling, limits: { dailyLoss: 0.05 } });
    scene.trader.account({ strategy: 'quick', stage: 'live', symbols: [], barMs: 60_000, capital: 0 });
    await scene.decide(wide);
    await scene.closeBar();
    expect(halt().mode).toBe('active');
    await scene.pass(hour / 2);
    expect(halt()).toMatchObject({ mode: 'halted', cause: 'daily-loss' });
  });

  it('of a bar that comes long after it closed halts nothing: what it was worth then is not what it is worth', async () => {
    await begin({ candles: bars(calm(14)), limits: { dailyLoss: 0.05 }, timings: { reconcileMs: 10 * hour } });
    await scene.decide(wide);
    scene.link.isDead = true;
    await scene.pass(3 * hour);
    scene.account.onBars([{ symbol, time: scene.world.now() - 4 * hour, open: 1, high: 1, low: 1, close: 1, volume: 1 }]);
    scene.account.submit([{ symbol, action: 'hold', reason: 'late' }]);
    expect(halt().mode).toBe('active');
  });
});
