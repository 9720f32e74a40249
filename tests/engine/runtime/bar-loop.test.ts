import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ReplayFeed, StoredSeries } from '#engine/feeds/replay-feed.ts';
import { BarLoop } from '#engine/runtime/bar-loop.ts';
import { StrategySlot } from '#engine/runtime/strategy-slot.ts';
import { EngineStore } from '#engine/store/engine-store.ts';
import { bars, entry, Scene, start, still, symbol } from '#tests/engine/trading/scene.ts';

it('shows what fills between two bars, and what is sold there, before the next one closes', async () => {
  const candles = bars(Array.from({ length: 6 }, () => still(1000)));
  const scene = await Scene.begin({ candles });
  const dir = mkdtempSync(join(tmpdir(), 'ratchet-loop-'));
  const store = EngineStore.open(dir);
  onTestFinished(() => {
    scene.close();
    store.close();
    rmSync(dir, { recursive: true });
  });
  const feed = new ReplayFeed([new StoredSeries(symbol, '1h', candles)], start);
  const load = () => Promise.reject(new Error('nothing is loaded here'));
  const clock = () => scene.world.now();
  const openAccount = () => scene.account;
  const slot = new StrategySlot({ id: 's', series: feed.series, openAccount, kindOf: () => 'venue', load, clock }, clock());
  const memory = { state: null, restartsLeft: 1, heldReason: null, timeframe: '1h', watch: null } as const;
  slot.resume({ strategy: 's', deployment: null, account: scene.account.snapshot(), memory }, null, null);
  const loop = new BarLoop({
    ...{ store, feed, slots: new Map([['s', slot]]), now: clock(), catchUpBars: 0, paceMs: 0, clock },
    ...{ onTaken: () => undefined, onCommitted: () => undefined },
  });
  const held = () => store.openPositions().map(({ quantity }) => quantity);

  await scene.closeBar();
  await loop.take();
  expect(loop.keepHoldings()).toBe(false);
  await scene.submit(entry);
  expect([loop.keepHoldings(), held(), loop.keepHoldings()]).toEqual([true, [5], false]);
  scene.trader.flatten('out');
  await scene.pass(5_000);
  expect([loop.keepHoldings(), held(), loop.keepHoldings()]).toEqual([true, [], false]);
});
