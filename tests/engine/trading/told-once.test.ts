import { afterEach, describe, expect, it } from 'vitest';
import { bars, entry, Scene, still } from './scene.ts';

let scene: Scene;
afterEach(() => scene.close());

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
});
