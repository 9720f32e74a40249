import { afterEach, describe, expect, it } from 'vitest';
import { bars, entry, Scene, type SceneOptions, still } from './scene.ts';

let scene: Scene;
afterEach(() => scene.close());

const flat = bars([still(1000), still(1000), still(1000), still(1000), still(1000), still(1000)]);

async function begin(options: Partial<SceneOptions> = {}): Promise<Scene> {
  scene = await Scene.begin({ candles: flat, ...options });
  return scene;
}

describe('a process that is killed', () => {
  it('between the journal and the wire has sent nothing, and sends nothing after', async () => {
    await begin();
    scene.link.next('place', 'dies-before');
    await scene.decide(entry);
    expect(scene.story()).toEqual(['entry pending 0']);
    await scene.live();
    await scene.pass(30_000);
    expect(scene.story()).toEqual(['entry rejected 0']);
    expect(scene.balance('BTC')).toBe('0');
  });

  it('between the wire and the answer finds what it has bought, and protects it', async () => {
    await begin();
    scene.link.next('place', 'dies-after');
    await scene.decide(entry);
    expect(scene.story()).toEqual(['entry pending 0']);
    expect(scene.balance('BTC')).toBe('5');
    const began = scene.world.now();
    await scene.live();
    await scene.pass(2_000);
    expect(scene.story()).toEqual(['entry filled 5', 'protection open 0']);
    // The first look cannot judge balances that a lost order has changed: there is a second one as soon as that is found.
    expect(scene.trader.health().reconciledAt).toBeGreaterThan(began);
  });

  it('between the answer and the note of a fill records it once', async () => {
    await begin();
    await scene.closeBar();
    scene.link.next('fills', 'dies-after');
    await scene.submit(entry);
    expect(scene.story()).toEqual(['entry filled 0']);
    await scene.live();
    await scene.pass(2_000);
    expect(scene.story()).toEqual(['entry filled 5', 'protection open 0']);
    expect(scene.journal.fills()).toHaveLength(1);
  });

  it('between a fill and its protection protects it at once', async () => {
    await begin();
    scene.link.next('place', 'answer-lost', 'dies-before');
    await scene.decide(entry);
    expect(scene.story()).toEqual(['entry filled 5', 'protection pending 0']);
    await scene.live();
    await scene.pass(30_000);
    expect(scene.story()).toEqual(['entry filled 5', 'protection rejected 0', 'protection open 0']);
    expect(scene.open()).toHaveLength(1);
  });

  it.each(['dies-before', 'dies-after'] as const)('while protection is replaced has one stop afterwards (%s)', async (fate) => {
    const rising = bars([still(1000), [1000, 1200, 1000, 1200], still(1200), still(1200)]);
    await begin({ candles: rising });
    await scene.decide({ ...entry, trailingStop: 0.1 });
    scene.link.next('cancel', fate);
    await scene.decide({ action: 'hold' });
    await scene.live();
    await scene.pass(30_000);
    expect(scene.open().map(({ kind, quantity, stopPrice }) => `${kind} ${quantity} ${stopPrice}`)).toEqual(['stop 5 1080']);
  });

  it('on the way out goes on selling', async () => {
    await begin();
    await scene.decide(entry);
    scene.link.next('cancel', 'dies-after');
    await scene.decide({ action: 'exit' });
    await scene.live();
    await scene.pass(5_000);
    expect(scene.held()).toBe(0);
    expect(scene.open()).toEqual([]);
  });

  it('decides the same again and finds what came of it', async () => {
    await begin();
    await scene.decide(entry);
    const bar = { symbol: 'BTC/USD', time: Date.UTC(2026, 0, 1), open: 1000, high: 1000, low: 1000, close: 1000, volume: 100 };
    await scene.live();
    scene.account.onBars([bar]);
    scene.account.submit([{ symbol: 'BTC/USD', reason: 'because', ...entry, weight: 1 }]);
    await scene.pass(5_000);
    expect(scene.story()).toEqual(['entry filled 5', 'protection open 0']);
    expect(scene.held()).toBe(5);
  });

  it('is ready again in a moment, with the same positions, levels and money', async () => {
    await begin();
    await scene.decide({ ...entry, takeProfit: 0.5, horizonBars: 9 });
    await scene.closeBar();
    const before = {
      positions: scene.account.positions(),
      equity: scene.account.equity(),
      books: scene.account.snapshot().books,
    };
    scene.account.submit([]);
    await scene.live();
    const bar = { symbol: 'BTC/USD', time: Date.UTC(2026, 0, 1, 1), open: 1000, high: 1000, low: 1000, close: 1000, volume: 100 };
    scene.account.onBars([bar]);
    expect({
      positions: scene.account.positions(),
      equity: scene.account.equity(),
      books: scene.account.snapshot().books,
    }).toEqual(before);
  });
});
