import { prepareStrategies } from '#engine/backtest/strategy-process.ts';
import type { Clock } from '#engine/clock.ts';
import type { Stage } from '#engine/contract/manifest.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Feed } from '#engine/feeds/feed.ts';
import type { Logger } from '#engine/log.ts';
import { basicAuthorization } from '#engine/repository/remote.ts';
import { Repository } from '#engine/repository/repository.ts';
import { StateBranch } from '#engine/repository/state-branch.ts';
import { EngineStore } from '#engine/store/engine-store.ts';
import type { VenueKeys } from '#engine/venues/keys.ts';
import { Ending } from './ending.ts';
import type { EngineEvent } from './events.ts';
import { keepPace } from './kept-pace.ts';
import { limitsNow } from './limits.ts';
import { type LoadVersion, loadVersion } from './loaded-version.ts';
import { acquireLock, type Lock } from './lock.ts';
import { openFeed } from './open-feed.ts';
import { type EngineOptions, enginePaths, symbolsOf, venueQuoteOf } from './options.ts';
import { paceOf } from './patience.ts';
import { keepTradedVenue, realMoneyOf, realMoneyRefusal } from './real-money.ts';
import { proveFromMirror, restoreSlots } from './restore-slots.ts';
import { assertSameMarket } from './same-market.ts';
import { accountKindOf, type OpenAccount, simulatedAccounts } from './slot-account.ts';
import { keepMarkets } from './stored-markets.ts';
import { type SlotOptions, StrategySlot } from './strategy-slot.ts';
import { keysOf, VenueDesk } from './venue-desk.ts';

const author = { name: 'ratchet engine', email: 'engine@users.noreply.localhost' };
/** A remote that does not answer may not keep the status waiting longer. */
const remoteTimeoutMs = 30_000;

export interface EngineSurroundings {
  /** Wall-clock time; of a rehearsal, the exchange's. */
  readonly clock: Clock;
  readonly log: Logger;
  readonly onEvent: (event: EngineEvent) => void;
  /** Of the venue, for an engine that may have to be opened again; without it they are read when it opens. */
  readonly venueKeys?: VenueKeys | undefined;
}

/** Everything an engine works with, open. */
export interface EngineParts {
  readonly options: EngineOptions;
  readonly around: EngineSurroundings;
  readonly lock: Lock;
  readonly store: EngineStore;
  readonly feed: Feed;
  /** Null where no orders are sent. */
  readonly desk: VenueDesk | null;
  readonly slots: Map<string, StrategySlot>;
  readonly newSlot: (id: string, now: number) => StrategySlot;
  /** What the account at the venue is in, for a stage that trades there; null for one that does not. */
  readonly venueQuote: (stage: Stage) => string | null;
  readonly ending: Ending;
  readonly load: LoadVersion;
  readonly repository: Repository;
  readonly state: StateBranch;
  readonly token: { value: string | undefined };
  /** Market time at which it goes on. */
  readonly now: number;
}

/** Opens them; when one fails, those that were opened are closed again and nothing has changed. */
export async function openParts(options: EngineOptions, around: EngineSurroundings): Promise<EngineParts> {
  const opened: (() => void | Promise<void>)[] = [];
  const noted = <T>(part: T, close: (part: T) => void | Promise<void>): T => {
    opened.unshift(() => close(part));
    return part;
  };
  try {
    const lock = noted(acquireLock(options.dir, around.clock.now), (held) => held.release());
    const store = noted(EngineStore.open(options.dir, around.clock.now), (open) => open.close());
    assertSameMarket(store, options.market);
    keepMarkets(store, options.market.markets);
    keepPace(store, options.market);
    prepareStrategies();
    const token = { value: options.token };
    // An exchange and programs of git are waited for most of the time: for all at once.
    const [desk, { feed, begin: now }, { repository, state }] = await allOf([
      openDesk(options, around, store).then((desk) => desk && noted(desk, (open) => open.close())),
      openFeed(options, { clock: around.clock, log: around.log, takenUntil: store.lastFeedTime() }).then((begun) => {
        noted(begun.feed, (open) => open.close());
        return begun;
      }),
      openMirror(options, around.clock, token),
    ]);
    keepTradedVenue(store, desk?.traded ?? null);
    const kindOf = (stage: Stage) => accountKindOf(stage, desk?.traded.isRehearsal);
    const openAccount = accountsOf(options, desk);
    const expect: SlotOptions['expect'] = (id, version) => desk?.shares.expect(id, version);
    const venueQuote = (stage: Stage) => (kindOf(stage) === 'venue' ? venueQuoteOf(options) : null);
    const ending = new Ending();
    const load = ending.guard(loadVersion);
    const newSlot = (id: string, from: number) =>
      new StrategySlot({ id, series: feed.series, openAccount, kindOf, expect, load, clock: around.clock.now }, from);
    const slots = await restoreSlots({
      store,
      prove: (deployment) => proveFromMirror({ store, repository, state: state.snapshot() }, deployment),
      load,
      series: feed.series,
      now,
      newSlot: (id) => newSlot(id, now),
      realMoneyRefusal: (stage) => realMoneyRefusal(stage, realMoneyOf(store, desk?.traded ?? null)),
      kindOf,
      log: around.log,
    });
    return { options, around, lock, store, feed, desk, slots, newSlot, venueQuote, ending, load, repository, state, token, now };
  } catch (error) {
    for (const close of opened) await close();
    throw error;
  }
}

/** Ends when all have ended, so that none is left to open behind one that fails. @throws what the first of them failed with */
async function allOf<T extends readonly Promise<unknown>[]>(parts: readonly [...T]) {
  await Promise.allSettled(parts);
  return Promise.all(parts);
}

async function openMirror({ dir, remoteUrl }: EngineOptions, { now }: Clock, token: EngineParts['token']) {
  const repository = await Repository.openMirror({
    dir: enginePaths(dir).mirror,
    remoteUrl,
    remoteTimeoutMs,
    authorization: () => (token.value === undefined ? '' : basicAuthorization('x-access-token', token.value)),
  });
  return { repository, state: await StateBranch.open({ repository, author, clock: now }) };
}

async function openDesk(
  { market, venue }: EngineOptions,
  { clock, log, venueKeys }: EngineSurroundings,
  store: EngineStore,
): Promise<VenueDesk | null> {
  if (venue === undefined) return null;
  const keys = venueKeys ?? keysOf(venue);
  return VenueDesk.open({
    venue,
    store,
    clock,
    log,
    keys,
    pace: paceOf(market),
    policy: limitsNow(store),
    markets: symbolsOf(market),
  });
}

/** The account that a stage asks for. @throws RatchetError `engine/no-venue` */
function accountsOf({ market, capital }: EngineOptions, desk: VenueDesk | null): OpenAccount {
  const onPaper = simulatedAccounts(market.markets, capital);
  return (request) => {
    if (request.kind === 'simulated') return onPaper(request);
    if (desk !== null) return desk.shares.openAccount(request);
    throw new RatchetError(
      'engine/no-venue',
      `The account of ${request.strategy} is at a venue, and this engine was started without one.`,
      'Start it with --venue, as before.',
      { strategy: request.strategy },
    );
  };
}
