import { afterEach, describe, expect, it } from 'vitest';
import { bars, entry, Scene, type SceneOptions, still } from './scene.ts';

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
