import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '#engine/clock.ts';
import { createLog } from '#engine/log.ts';
import { Repository } from '#engine/repository/repository.ts';
import { loadVersion } from '#engine/runtime/loaded-version.ts';
import { openFeed } from '#engine/runtime/open-feed.ts';
import { enginePaths, parseOptions } from '#engine/runtime/options.ts';
import { proveFromMirror, restoreSlots } from '#engine/runtime/restore-slots.ts';
import { simulatedAccounts } from '#engine/runtime/slot-account.ts';
import { StrategySlot } from '#engine/runtime/strategy-slot.ts';
import { EngineStore } from '#engine/store/engine-store.ts';
import { type EngineFixture, engineFixture, read, startEngine, strategyText, until } from './engine-fixture.ts';

let fixture: EngineFixture;
beforeAll(async () => {
  fixture = await engineFixture();
});
afterAll(() => fixture.dispose());

/** What starts again on the folder of the fixture, where the switches for money say this. */
async function restoredUnder(
  refusal: string | null,
): Promise<{ tree: string | null; refusal: string | null; held: string | null }> {
  const options = parseOptions(fixture.options());
  const store = EngineStore.open(options.dir);
  const log = createLog('silent');
  const around = { clock: systemClock, log, takenUntil: store.lastFeedTime() };
  const { feed, begin: now } = await openFeed(options, around);
  const openAccount = simulatedAccounts(options.market.markets, options.capital);
  const kindOf = () => 'simulated' as const;
  const { series } = feed;
  const repository = await Repository.openMirror({ dir: enginePaths(options.dir).mirror, remoteUrl: options.remoteUrl });
  const state = (await fixture.state()).snapshot();
  const slots = await restoreSlots({
    store,
    prove: (deployment) => proveFromMirror({ store, repository, state }, deployment),
    load: loadVersion,
    series,
    now,
    newSlot: (id) =>
      new StrategySlot(
        { id, series, openAccount, kindOf, expect: () => undefined, load: loadVersion, clock: systemClock.now },
        now,
      ),
    realMoneyRefusal: () => refusal,
    kindOf,
    log,
  });
  const slot = slots.get('trend')!;
  const found = { tree: slot.version?.candidate.tree ?? null, refusal: slot.moneyRefusal, held: slot.heldReason };
  await slot.close();
  await feed.close();
  store.close();
  return found;
}

describe('what ran when the record stopped', () => {
  it('starts again though a switch for money was turned off meanwhile: it opens nothing, and goes on deciding on what it holds', async () => {
    await fixture.deploy({ trend: strategyText() });
    const running = await startEngine(fixture.options({ catchUpBars: 5, paceMs: 3_600_000 }));
    await until('decisions', () => read(fixture.options().dir, (reader) => reader.decisions(1).length > 0));
    await running.stop();
    const deployed = read(fixture.options().dir, (reader) => reader.deployments().at(-1)!.treeHash);
    const refusal = 'main does not allow it';
    expect(await restoredUnder(refusal)).toEqual({ tree: deployed, refusal, held: null });
  });
});
