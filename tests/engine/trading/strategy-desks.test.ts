import { afterEach, describe, expect, it } from 'vitest';
import { bars, entry, hour, Scene, still, symbol } from './scene.ts';

let scene: Scene;
afterEach(() => scene.close());

const flat = bars(Array.from({ length: 6 }, () => still(1000)));

describe('the record of an account', () => {
  it('tells each fill and each trade once, whenever it was stored and whenever the process died', async () => {
    scene = await Scene.begin({
      candles: bars([still(1000), still(1000), still(1000), still(1000)]),
      exchange: { fees: 'received' },
    });
    await scene.decide(entry);
    const first = scene.account.takeRecord();
    const stored = scene.account.taken;
    await scene.decide({ action: 'exit' });
    // Taken and never stored: the process dies in between.
    const second = scene.account.takeRecord();
    await scene.live(500, stored);
    const again = scene.account.takeRecord();
    expect(first.fills).toHaveLength(1);
    expect(again.fills).toEqual(second.fills);
    expect(again.trades).toEqual(second.trades);
    expect(again.trades).toHaveLength(1);
    await scene.live(500, scene.account.taken);
    expect(scene.account.takeRecord()).toMatchObject({ fills: [], trades: [] });
  });

  it('dates what the next version decides by the close that both share, however long its bars are', async () => {
    for (const barMs of [hour / 4, 4 * hour]) {
      scene = await Scene.begin({ candles: bars([still(1000), still(1000), still(1000)]) });
      await scene.closeBar();
      const closed = Math.floor(scene.world.now() / hour) * hour;
      const { symbols, capital } = scene.account.settings;
      const next = scene.trader.account({ strategy: 's', stage: 'live', symbols, barMs, capital });
      next.submit([{ symbol, reason: 'because', ...entry }]);
      expect(scene.orders().map(({ instant }) => instant)).toEqual([closed]);
      scene.close();
    }
    scene = await Scene.begin({ candles: bars([still(1000)]) });
  });

  it('tells nothing again to a strategy that gave its share back, got one again, and was started again', async () => {
    scene = await Scene.begin({ candles: bars([still(1000), still(1000), still(1000), still(1000)]) });
    await scene.decide(entry);
    await scene.decide({ action: 'exit' });
    expect(scene.account.takeRecord().trades).toHaveLength(1);
    const { symbols, barMs, capital } = scene.account.settings;
    scene.account.release();
    const { taken } = scene.trader.account({ strategy: 's', stage: 'live', symbols, barMs, capital });
    await scene.live(500, taken);
    expect(scene.account.takeRecord()).toMatchObject({ fills: [], trades: [] });
  });
});

describe('a strategy that trades here no longer', () => {
  it('leaves nothing behind: what it holds, or an order of it still brings, is sold', async () => {
    scene = await Scene.begin({ candles: flat });
    await scene.closeBar();
    scene.account.submit([{ symbol, reason: 'because', ...entry }]);
    expect(scene.account.isAtRest()).toBe(false);
    scene.account.release();
    await scene.pass(60_000);
    expect(scene.story()).toContain('entry filled 5');
    expect(scene.balance('BTC')).toBe('0');
    expect(scene.open()).toEqual([]);
    scene.close();
    scene = await Scene.begin({ candles: flat });
    await scene.decide(entry);
    expect(scene.account.isAtRest()).toBe(false);
    scene.account.release();
    await scene.pass(hour);
    expect(scene.balance('BTC')).toBe('0');
    expect(scene.orders().filter(({ role }) => role === 'exit')).toHaveLength(1);
  });
});
