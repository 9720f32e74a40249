import { CandleStore } from '#engine/candles/candle-store.ts';
import { RandomStream } from '#engine/candles/random-stream.ts';
import { isWithin } from '#engine/clock.ts';
import type { Stage } from '#engine/contract/manifest.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import type { Feed } from '#engine/feeds/feed.ts';
import { LiveFeed } from '#engine/feeds/live-feed.ts';
import type { MarketData } from '#engine/feeds/market-data.ts';
import { createLog } from '#engine/log.ts';
import type { HaltState } from '#engine/risk/pre-trade.ts';
import type { RiskPolicy } from '#engine/risk/risk-policy.ts';
import { haltStateOf } from '#engine/risk/trading-halt.ts';
import { BarLoop, type OrderDesk } from '#engine/runtime/bar-loop.ts';
import { Bell } from '#engine/runtime/bell.ts';
import type { Control } from '#engine/runtime/control.ts';
import type { OrderPlace } from '#engine/runtime/heard-orders.ts';
import { limitsNow } from '#engine/runtime/limits.ts';
import { Reconciler } from '#engine/runtime/reconciler.ts';
import type { PendingOutcome } from '#engine/runtime/record.ts';
import { restoreSlots } from '#engine/runtime/restore-slots.ts';
import { accountKindOf, type OpenAccount, simulatedAccounts } from '#engine/runtime/slot-account.ts';
import { readStoredSlot } from '#engine/runtime/slot-memory.ts';
import { StandingOrders } from '#engine/runtime/standing-orders.ts';
import { type SlotOptions, StrategySlot } from '#engine/runtime/strategy-slot.ts';
import { limitsOf, VenueShares } from '#engine/runtime/venue-shares.ts';
import type { MarketRules } from '#engine/simulation/types.ts';
import { EngineStore } from '#engine/store/engine-store.ts';
import type { OrderJournal } from '#engine/store/journal/order-journal.ts';
import { Trader } from '#engine/trading/trader.ts';
import type { Venue } from '#engine/venues/venue.ts';
import { Cut, type Life } from './life.ts';
import type { Loading, MainBranch } from './main-branch.ts';
import type { Sabotage } from './sabotage.ts';

/** Reading changes nothing: there is nothing to die before or after. */
const READING = new Set([
  ...['liveOrders', 'orders', 'orderByVenueId', 'orderByClientId', 'attempts', 'events', 'filled', 'fills', 'hasFill', 'dust'],
  ...[
    'lanes',
    'freezes',
    'baselines',
    'cursor',
    'risk',
    'close',
    'journal',
    'meta',
    'accounts',
    'deployments',
    'quarantine',
    'lastFeedTime',
  ],
  ...['find', 'load', 'list'],
]);

/** Little is asked for beforehand, and little is stored at once: the runs are short. */
const feedSettings = { historyBars: 5, keepBars: 30, storeEveryMs: 10 * 60_000 };

/** As often as the engine looks for what people say. */
const HEAR_EVERY_MS = 500;

const log = createLog('silent');

/** How a life ends that nothing cuts short. */
export const WHEN_TOLD = 'when it is told';
export const REHEARSAL = { name: 'rehearsal', isRehearsal: true } as const;

export interface EngineLifeOptions {
  readonly life: Life;
  readonly venue: Venue;
  readonly data: MarketData;
  /** Where the store is, and below it the candles. */
  readonly dir: string;
  readonly account: string;
  readonly seed: number;
  readonly feed: { readonly symbols: readonly string[]; readonly timeframe: Timeframe };
  readonly markets: Readonly<Record<string, MarketRules>>;
  readonly main: MainBranch;
  /** What is said at each place where orders are given. */
  readonly said: (place: OrderPlace) => string | null;
  readonly sabotage: Sabotage;
  /** An account as a slot has it: whoever watches it may put themselves between. */
  readonly watched: (open: OpenAccount) => OpenAccount;
  readonly loading: Omit<Loading, 'life'>;
  readonly hooks: EngineHooks;
}

export interface EngineHooks {
  /** The feed as the loop is to have it. @param taken close of the last instant that is on disk, or where it begins */
  readonly watching: (feed: Feed, taken: number) => Feed;
  readonly onReady: () => void;
  readonly onTaken: (taken: PendingOutcome) => void;
  readonly onCommitted: (instant: number) => void;
  /** Some have decided, and their orders leave, while others have not. */
  readonly onEarly: () => void;
  /** People were obeyed while a strategy decided or a version was loaded. */
  readonly onHeardMeanwhile: () => void;
  readonly onUnexpected: (what: string) => void;
  readonly onTrouble: (kind: string) => void;
  readonly onWrite: () => void;
}

/** Everything that works under a clock, from one start to one crash. */
interface Parts {
  readonly trader: Trader;
  readonly shares: VenueShares;
  readonly feed: LiveFeed;
  readonly slots: Map<string, StrategySlot>;
  readonly orders: StandingOrders;
  readonly bars: BarLoop;
  readonly reconciler: Reconciler;
}

/**
 * The engine but for git, the network, and processes: its store, its feed, its slots on accounts of its trader, and its loop, put
 * together as `openParts` and `Engine` do it, from one start to one crash.
 */
export class EngineLife {
  readonly #options: EngineLifeOptions;
  readonly #store: EngineStore;
  readonly #candles: CandleStore;
  readonly #bell: Bell;
  #trader: Trader | null = null;
  #parts: Parts | null = null;
  #hasNews = true;
  /** How many instants its slots have taken. */
  #taken = 0;
  #isStopping = false;

  /** The file must be there before anybody can read it. */
  static createStore(dir: string): void {
    EngineStore.open(dir, () => 0).close();
  }

  constructor(options: EngineLifeOptions) {
    this.#options = options;
    this.#store = EngineStore.open(options.dir, options.life.clock.now);
    this.#candles = CandleStore.open(`${options.dir}/candles`);
    this.#bell = new Bell(options.life.clock);
  }

  /** Its slots are there; perhaps the venue has not answered yet. */
  get isOpen(): boolean {
    return this.#parts !== null;
  }

  get slots(): ReadonlyMap<string, StrategySlot> {
    return this.#parts?.slots ?? new Map();
  }

  get control(): Control | null {
    return this.#parts?.orders.control ?? null;
  }

  get limits(): RiskPolicy | null {
    return this.#parts?.orders.limits ?? null;
  }

  /** What holds the whole account back. */
  get accountHalt(): HaltState {
    return this.#trader === null ? 'active' : haltStateOf(this.#trader.health().halt);
  }

  start(): void {
    this.#run(() => this.#live());
  }

  /** Something was said, or main has changed: it looks at both at its next turn. */
  notify(): void {
    this.#hasNews = true;
    this.#bell.ring();
  }

  accept(symbol: string): void {
    this.#run(async () => void (await this.#parts?.shares.accept(symbol, 'looked at and accepted')));
  }

  /** Ends in good order, after the instant under way. */
  stop(): void {
    this.#isStopping = true;
    this.#bell.ring();
  }

  /** Lets go of the files; what had not been committed is gone. */
  dispose(): void {
    this.#trader = null;
    this.#parts = null;
    this.#store.close();
    this.#candles.close();
  }

  async #live(): Promise<void> {
    const { hooks, life } = this.#options;
    const parts = await this.#open();
    this.#parts = parts;
    this.#run(async () => {
      await parts.trader.start();
      if (!this.#isStopping) hooks.onReady();
    });
    while (!this.#isStopping) await this.#turn(parts);
    parts.bars.commit();
    await parts.feed.close();
    await parts.trader.stop();
    await Promise.all([...parts.slots.values()].map((slot) => slot.close()));
    life.end(WHEN_TOLD);
  }

  /** As `Engine` turns, without what only tells others. */
  async #turn({ bars, orders, reconciler }: Parts): Promise<void> {
    const { said } = this.#options;
    if (this.#hasNews) {
      this.#hasNews = false;
      bars.commit();
      orders.hear('branch', said('branch'));
      const loading = reconciler.reconcile();
      while (!(await isWithin(this.#options.life.clock, loading, HEAR_EVERY_MS))) this.#hearMeanwhile(orders);
      orders.hear('here', said('here'));
    }
    const waitMs = bars.waitMs();
    if (waitMs <= 0) {
      await bars.take();
      return;
    }
    bars.commit();
    await this.#bell.wait(waitMs);
  }

  #hearMeanwhile(orders: StandingOrders): void {
    try {
      const before = orders.control;
      orders.hearStricter('here', this.#options.said('here'));
      if (orders.control !== before) this.#options.hooks.onHeardMeanwhile();
    } catch (error) {
      this.#note(error);
    }
  }

  async #open(): Promise<Parts> {
    const { life, data, account, seed, feed: wanted, main, sabotage, loading, hooks, watched, markets } = this.#options;
    const clock = life.clock.now;
    const store = this.#guardedStore();
    const traded = { ...REHEARSAL, account };
    const policy = limitsNow(store);
    const trader = await Trader.open({
      venue: this.#options.venue,
      journal: this.#guardedJournal(),
      clock: life.clock,
      log,
      policy: (stage) => {
        const limits = limitsOf(policy(), stage, traded);
        return sabotage.limits?.(limits) ?? limits;
      },
      random: new RandomStream(seed, `life ${life.number}`),
      onTrouble: ({ kind, message }) => {
        if (life.isOver) return;
        if (kind === 'journal') hooks.onUnexpected(message);
        hooks.onTrouble(kind);
      },
    });
    this.#trader = trader;
    const shares = new VenueShares({ traded, trader, policy });
    const takenUntil = store.lastFeedTime();
    const live = await LiveFeed.open({
      ...{ data, log, takenUntil, clock: life.clock, settings: feedSettings },
      ...{ symbols: wanted.symbols, timeframe: wanted.timeframe },
      store: life.guarded(this.#candles, 'candles', READING),
      random: new RandomStream(seed, `feed of life ${life.number}`),
    });
    live.onNews(() => this.#bell.ring());
    const now = takenUntil ?? live.timeOfInstant();
    const feed = hooks.watching(sabotage.feed?.(live) ?? live, now);
    const kindOf = (stage: Stage) => accountKindOf(stage, traded.isRehearsal);
    const expect: SlotOptions['expect'] = (id, version) => shares.expect(id, version);
    const onPaper = simulatedAccounts(markets, 10_000);
    const openAccount = watched((request) => (request.kind === 'simulated' ? onPaper(request) : shares.openAccount(request)));
    const load = main.loader({ ...loading, life });
    const newSlot = (id: string, from: number) =>
      new StrategySlot({ id, series: live.series, openAccount, kindOf, expect, load, clock }, from);
    const slots = await restoreSlots({
      ...{ store, load, now, kindOf, log, series: live.series },
      newSlot: (id) => newSlot(id, now),
      prove: async ({ treeHash }) => main.examine(treeHash),
      realMoneyRefusal: () => null,
    });
    const orders = new StandingOrders({ store, slots, shares, clock, log });
    const bars = new BarLoop({
      ...{ store, feed, slots, now, desk: this.#desk(trader), clock: life.clock, machine: life.clock, catchUpBars: 0, paceMs: 0 },
      onWaiting: () => this.#hearMeanwhile(orders),
      onTaken: (taken) => {
        this.#taken += 1;
        for (const { slot, outcome } of taken.outcomes) {
          const { rejected } = outcome;
          if (rejected !== null) reconciler.noteRejected(slot.id, rejected);
        }
        hooks.onTaken(taken);
      },
      onCommitted: (instant) => {
        if (!life.isOver) hooks.onCommitted(instant);
      },
    });
    const reconciler = new Reconciler({
      ...{ store, slots, load, clock, log, series: live.series },
      look: async () => main.look(),
      areLimitsKnown: () => orders.limits !== null,
      obeyLimits: (limits) => {
        if (JSON.stringify(limits) !== JSON.stringify(orders.limits)) orders.obeyLimits(limits);
      },
      realMoneyRefusal: () => null,
      venueQuote: () => null,
      now: () => bars.now,
      openSlot: (id) => {
        const slot = newSlot(id, bars.now);
        const row = store.accounts().find(({ strategy }) => strategy === id);
        if (row !== undefined) slot.resume(readStoredSlot(row), null, null);
        orders.bind(slot);
        slots.set(id, slot);
        return slot;
      },
    });
    return { trader, shares, feed: live, slots, orders, bars, reconciler };
  }

  /** Tells of orders that were committed before the record of their instant. */
  #desk(trader: Trader): OrderDesk {
    const { sabotage, hooks } = this.#options;
    const desk = sabotage.desk?.(trader) ?? trader;
    return {
      together: (work) => {
        const before = this.#taken;
        const result = desk.together(work);
        if (this.#taken === before) hooks.onEarly();
        return result;
      },
      noteRecorded: () => desk.noteRecorded(),
    };
  }

  #guardedStore(): EngineStore {
    const { life, sabotage } = this.#options;
    const guarded = life.guarded(this.#written(this.#store), 'store', READING);
    return sabotage.store?.(guarded) ?? guarded;
  }

  #guardedJournal(): OrderJournal {
    const { life, sabotage, account } = this.#options;
    const guarded = life.guarded(this.#written(this.#store.journal(account)), 'journal', READING);
    return sabotage.journal?.(guarded) ?? guarded;
  }

  #run(work: () => Promise<void>): void {
    work().catch((error: unknown) => this.#note(error));
  }

  #note(error: unknown): void {
    if (error instanceof Cut || this.#options.life.isOver) return;
    this.#options.hooks.onUnexpected(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }

  /** The same, telling whenever it was written to. */
  #written<Target extends object>(record: Target): Target {
    return new Proxy(record, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => {
          if (!READING.has(String(name))) this.#options.hooks.onWrite();
          return value.apply(target, args);
        };
      },
    });
  }
}
