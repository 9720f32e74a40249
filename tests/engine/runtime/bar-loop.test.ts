import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ReplayFeed, StoredSeries } from '#engine/feeds/replay-feed.ts';
import { BarLoop } from '#engine/runtime/bar-loop.ts';
import { builderAt } from '#engine/runtime/history.ts';
import { emptyOutcome } from '#engine/runtime/slot-outcome.ts';
import { StrategySlot } from '#engine/runtime/strategy-slot.ts';
import { EngineStore } from '#engine/store/engine-store.ts';
import { bars, entry, hour, Scene, start, still, symbol } from '#tests/engine/trading/scene.ts';

/** A market that does not move, a trader on it, and an empty record. */
async function stand() {
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
  return { scene, store, feed };
}

it('sends what is decided without waiting for a strategy that does not answer, soon or late, and records the instant once all have', async () => {
  const { scene, store, feed } = await stand();
  let answer = (): void => undefined;
  const silent = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const slotOf = (id: string, decides: Promise<void>, act: () => void) => ({
    ...{ id, isLeaving: false, positions: [], standing: () => null },
    take: async () => {
      await decides;
      return {
        needsRecord: false,
        carryOut: () => {
          act();
          return emptyOutcome();
        },
      };
    },
  });
  const quick = slotOf('quick', Promise.resolve(), () => scene.account.submit([{ symbol, reason: 'because', ...entry }]));
  const slow = slotOf('slow', silent, () => undefined);
  let isLateDone = false;
  const lateAfter = new Promise<void>((resolve) => void scene.world.after(hour + 150, resolve));
  const late = slotOf('late', lateAfter, () => {
    isLateDone = true;
  });
  const committed: number[] = [];
  const loop = new BarLoop({
    ...{ store, feed, desk: scene.trader, clock: scene.world, machine: scene.world },
    ...{ slots: new Map([slow, late, quick].map((slot) => [slot.id, slot as never])), now: start, catchUpBars: 0, paceMs: 0 },
    ...{ onWaiting: () => undefined, onTaken: () => undefined, onCommitted: (instant) => committed.push(instant) },
  });

  await scene.closeBar();
  const taking = loop.take();
  await scene.pass(99);
  expect(scene.story()).toEqual([]);
  await scene.pass(2_000);
  expect([scene.story(), isLateDone, committed]).toEqual([['entry filled 5', 'protection open 0'], true, []]);
  answer();
  await taking;
  expect(committed).toEqual([start + hour]);
});

it('sends what a version decides first together with its record: a restart would not know whose the order is', async () => {
  const { scene, store, feed } = await stand();
  let answer = (): void => undefined;
  const silent = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const live = {
    step: async () => ({ decisions: [{ symbol, reason: 'first', ...entry }], state: { symbols: {} } }),
    close: async () => undefined,
  };
  const slot = new StrategySlot(
    {
      ...{ id: 's', series: feed.series, kindOf: () => 'venue', expect: () => undefined, clock: scene.world.now },
      openAccount: ({ stage, symbols, barMs }) =>
        scene.trader.account({ strategy: 's', stage, symbols, barMs, capital: 10_000, taken: null }),
      load: () => Promise.reject(new Error('nothing is loaded here')),
    },
    start,
  );
  const candidate = { id: 's', tree: 'tree', commit: 'commit', artifact: { digest: 'digest' }, manifest: { stage: 'live' } };
  const builder = builderAt(feed.series, [symbol], '1h', start);
  const version = { candidate, symbols: [symbol], timeframe: '1h', barMs: hour, anchor: start, live, builder, lacking: [] };
  await slot.challenge(version as never);
  const slow = {
    ...{ id: 'slow', isLeaving: false, positions: [], standing: () => null },
    take: async () => {
      await silent;
      return { needsRecord: false, carryOut: emptyOutcome };
    },
  };
  const slots = new Map([slot, slow as never].map((one: StrategySlot) => [one.id, one]));
  let looks = 0;
  const loop = new BarLoop({
    ...{ store, feed, slots, desk: scene.trader, clock: scene.world, machine: scene.world },
    ...{ now: start, catchUpBars: 0, paceMs: 0, onTaken: () => undefined, onCommitted: () => undefined },
    onWaiting: () => {
      looks += 1;
    },
  });
  await scene.closeBar();
  const taking = loop.take();
  await scene.pass(1_000);
  expect([scene.story(), store.deployments(), looks]).toEqual([[], [], 10]);
  answer();
  await taking;
  await scene.pass(1_000);
  expect(scene.story()).toEqual(['entry filled 5', 'protection open 0']);
  expect(store.accounts().map(({ strategy }) => strategy)).toEqual(['s']);
});

it('shows what fills between two bars, and what is sold there, before the next one closes', async () => {
  const { scene, store, feed } = await stand();
  const load = () => Promise.reject(new Error('nothing is loaded here'));
  const clock = scene.world;
  const openAccount = () => scene.account;
  const slot = new StrategySlot(
    { id: 's', series: feed.series, openAccount, kindOf: () => 'venue', expect: () => undefined, load, clock: clock.now },
    clock.now(),
  );
  const memory = { state: null, restartsLeft: 1, heldReason: null, timeframe: '1h', watch: null } as const;
  slot.resume({ strategy: 's', deployment: null, account: scene.account.snapshot(), memory }, null, null);
  const loop = new BarLoop({
    ...{
      store,
      feed,
      slots: new Map([['s', slot]]),
      desk: scene.trader,
      now: clock.now(),
      catchUpBars: 0,
      paceMs: 0,
      clock,
      machine: clock,
    },
    ...{ onWaiting: () => undefined, onTaken: () => undefined, onCommitted: () => undefined },
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
