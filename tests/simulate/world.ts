import type { Stage } from '#engine/contract/manifest.ts';
import type { RiskPolicy } from '#engine/risk/risk-policy.ts';
import type { PendingOutcome } from '#engine/runtime/record.ts';
import { limitsOf } from '#engine/runtime/venue-shares.ts';
import type { MarketRules } from '#engine/simulation/types.ts';
import { DirectVenue } from '#engine/venues/rehearsal/direct-venue.ts';
import { Exchange } from '#engine/venues/rehearsal/exchange.ts';
import { AccountWatch } from './account-watch.ts';
import { BarWatch } from './bar-watch.ts';
import { Dice } from './dice.ts';
import { drawPolicy } from './draw-policy.ts';
import { EngineLife, REHEARSAL, WHEN_TOLD } from './engine-life.ts';
import { ExchangeData } from './exchange-data.ts';
import { FaultyLink } from './faulty-link.ts';
import { HeldBack } from './held-back.ts';
import { isOurs } from './invariants/evidence.ts';
import { Life } from './life.ts';
import { MainBranch } from './main-branch.ts';
import { noteOutcomes } from './note-outcomes.ts';
import { notedVenue } from './noted-venue.ts';
import { type Found, Observer } from './observer.ts';
import { drawActs } from './people.ts';
import { PeopleAtWork } from './people-at-work.ts';
import { RecordWatch } from './record-watch.ts';
import { CALM_BARS, CLOSING_BARS, type RunPlan } from './run-plan.ts';
import type { Sabotage } from './sabotage.ts';
import type { Tally } from './tally.ts';
import type { Trace } from './trace.ts';
import { drained, VirtualClock } from './virtual-clock.ts';

export const ACCOUNT = 'rehearsal-1';

const QUIET_EVERY_MS = 1_000;
/** So often the feed measures the venue's clock, and a little: a jump of ours may mislead it until then. */
const MEASURED_MS = 330_000;

/** Of an account on paper, which is nobody's here but a shadow's. */
const onPaper: MarketRules = {
  ...{ makerFeeRate: 0, takerFeeRate: 0, halfSpreadRate: 0, slippageRate: 0, volumeShare: 1 },
  ...{ tickSize: 0.01, stepSize: 1e-6, minQuantity: 1e-6, minNotional: 1 },
};

/** One run: the exchange, the way to it, the engine's lives one after the other, and everybody who has a hand in it. */
export class World {
  readonly clock: VirtualClock;
  readonly exchange: Exchange;
  readonly #plan: RunPlan;
  readonly #trace: Trace;
  readonly #tally: Tally;
  readonly #sabotage: Sabotage;
  readonly #dir: string;
  readonly #observer: Observer;
  readonly #record: RecordWatch;
  readonly #bars: BarWatch;
  readonly #accounts: AccountWatch;
  readonly #main: MainBranch;
  readonly #heldBack: HeldBack;
  readonly #people: PeopleAtWork;
  readonly #link = { lastFaultAt: Number.NEGATIVE_INFINITY };
  readonly #dice: Readonly<Record<'link' | 'data' | 'stream' | 'people' | 'engine' | 'limits', Dice>>;
  #limits: RiskPolicy | null = null;
  #limitsSince = 0;
  #life: Life | null = null;
  #engine: EngineLife | null = null;
  #venue: DirectVenue | null = null;
  #data: ExchangeData | null = null;
  #livesBegun = 0;
  #idleSince: number | null = null;
  #excusedUntil: number;
  #unexpected: string | null = null;
  /** A strategy was given a bar that it had decided on. */
  #repeated: string | null = null;
  readonly #only: string | undefined;

  constructor(options: {
    readonly plan: RunPlan;
    /** For what the engine puts on disk. */
    readonly dir: string;
    readonly trace: Trace;
    readonly tally: Tally;
    readonly sabotage: Sabotage;
    /** The one invariant that is asked; undefined asks all. */
    readonly only?: string | undefined;
  }) {
    const { plan } = options;
    this.#plan = plan;
    this.#trace = options.trace;
    this.#tally = options.tally;
    this.#sabotage = options.sabotage;
    this.#dir = options.dir;
    this.clock = new VirtualClock(plan.from);
    this.#excusedUntil = plan.from;
    const { markets, fees, refusesReachedStops, barMs, timeframe, strategies, seed, capital } = plan;
    this.exchange = new Exchange(this.clock, { markets, balances: { [ACCOUNT]: plan.balances }, fees, refusesReachedStops });
    const dice = (name: string): Dice => new Dice(seed, name);
    this.#dice = {
      ...{ link: dice('link'), data: dice('way to the bars'), stream: dice('stream'), people: dice('people at work') },
      ...{ engine: dice('engine'), limits: dice('limits') },
    };
    const feed = { symbols: markets.map(({ symbol }) => symbol), timeframe };
    const policy = drawPolicy(this.#dice.limits, barMs, capital);
    this.#main = new MainBranch({ seed, strategies, feed, policy, dice: dice('main') });
    this.#accounts = new AccountWatch({
      now: () => this.clock.now(),
      isDeafToHalts: this.#sabotage.isDeafToHalts === true,
    });
    this.#heldBack = new HeldBack({
      accounts: this.#accounts,
      now: () => this.clock.now(),
      trace: this.#trace,
      tally: this.#tally,
    });
    const { exchange } = this;
    this.#bars = new BarWatch({
      ...{ exchange, barMs, symbols: feed.symbols, tally: this.#tally },
      isExcused: () => plan.faults.skews.some(({ at }) => at <= this.clock.now() && this.clock.now() < at + MEASURED_MS),
    });
    EngineLife.createStore(this.#dir);
    const storeFile = `${this.#dir}/engine.sqlite`;
    this.#observer = new Observer({
      exchange,
      account: ACCOUNT,
      journalFile: storeFile,
      barMs,
      trace: this.#trace,
      tally: this.#tally,
      memory: () => this.#heldBack.memory(this.#engine),
      marks: this.#accounts.marks,
      limits: () => this.#limitsNow(),
      problems: () => ({
        bars: this.#bars.problem ?? this.#repeated,
        decisions: this.#record.decisionProblem,
        standing: this.#record.standingProblem,
      }),
      excusedUntil: () => this.#excuse(),
      only: options.only,
    });
    this.#record = new RecordWatch({
      storeFile,
      tally: this.#tally,
      dustOf: (symbol) => this.#observer.dustOf(symbol),
      orders: () => this.#observer.journalOrders,
    });
    this.#people = new PeopleAtWork({
      ...{ account: ACCOUNT, plan, clock: this.clock, exchange, main: this.#main, observer: this.#observer },
      ...{ trace: this.#trace, tally: this.#tally, dice: this.#dice, engine: () => this.#engine },
      kill: () => {
        this.#life?.end('between two acts');
        this.#bury();
      },
    });
    this.#only = options.only;
  }

  /** @returns the first violation, or null */
  async run(): Promise<Found | null> {
    const { plan } = this;
    this.#scheduleBars();
    for (const { at, act } of drawActs(plan)) this.clock.after(at - plan.from, () => this.#people.do(act));
    for (const { kind, from, to } of plan.faults.spells) {
      this.#tally.count(`spell ${kind}`);
      if (kind === 'maintenance') this.clock.after(from - plan.from, () => this.#data?.breakStream('stream broken'));
      if (kind !== 'outage') continue;
      this.clock.after(from - plan.from, () => {
        this.#venue?.tell({ kind: 'lost' });
        this.#data?.breakStream('stream broken');
      });
      this.clock.after(to - plan.from, () => this.#venue?.tell({ kind: 'back' }));
    }
    this.#begin();
    const { calmAt } = plan.faults;
    const quietAt = calmAt + CALM_BARS * plan.barMs;
    return (
      (await this.#runUntil(calmAt)) ??
      (await this.#runUntil(calmAt, () => this.#becomeCalm())) ??
      (await this.#runUntil(quietAt - 2 * plan.barMs)) ??
      (await this.#findQuiet(quietAt - 1)) ??
      (await this.#runUntil(quietAt, () => this.#people.say('flattening', 'here'))) ??
      (await this.#runUntil(quietAt + (CLOSING_BARS - 2) * plan.barMs)) ??
      (await this.#findQuiet(quietAt + CLOSING_BARS * plan.barMs - 1)) ??
      (this.#only === undefined ? this.#lookClosed() : null)
    );
  }

  close(): void {
    this.#life?.end('the end');
    this.#engine?.dispose();
    this.#observer.close();
    this.#record.close();
    this.exchange.close();
  }

  get plan(): RunPlan {
    return this.#plan;
  }

  async #runUntil(until: number, first?: () => void): Promise<Found | null> {
    first?.();
    await drained();
    while (await this.clock.step(until)) {
      this.#bury();
      const found = this.#look(false);
      if (found !== null) return found;
    }
    return null;
  }

  /** An order may just be on its way: some moment until then must be one in which nothing is open. @returns what stood in the way last */
  async #findQuiet(until: number): Promise<Found | null> {
    for (;;) {
      const found = this.#look(true);
      if (found === null) return this.#runUntil(until);
      const next = this.clock.now() + QUIET_EVERY_MS;
      if (next > until) return found;
      const violation = await this.#runUntil(next);
      if (violation !== null) return violation;
    }
  }

  #look(isQuiet: boolean): Found | null {
    if (this.#unexpected !== null && this.#only === undefined)
      return { invariant: 'no unexpected error', message: this.#unexpected };
    return this.#observer.look(isQuiet);
  }

  /** After everything was told to go: nothing is held that could be sold, and nothing of ours is open, but where nobody would buy. */
  #lookClosed(): Found | null {
    const invariant = 'flatten closes everything';
    const lately = this.clock.now() - 2 * this.#plan.barMs;
    for (const order of this.exchange.openOrders(ACCOUNT)) {
      if (isOurs(order.clientOrderId) && !this.#observer.foundNobody(order.symbol, lately))
        return { invariant, message: `Order ${order.clientOrderId} is still open.` };
    }
    for (const { strategy, symbol, quantity } of this.#heldBack.memory(this.#engine).lanes) {
      if (quantity > 0 && !this.#observer.isFrozen(symbol) && !this.#observer.foundNobody(symbol, lately)) {
        return { invariant, message: `${strategy} still holds ${quantity} ${symbol}.` };
      }
    }
    return null;
  }

  // ── the engine's lives ───────────────────────────────────────────────────────────────────────────────────────────────

  #begin(): void {
    const { plan } = this;
    const isLast = this.clock.now() >= plan.faults.calmAt;
    const gates = plan.gatesOfLives[this.#livesBegun] ?? Number.POSITIVE_INFINITY;
    this.#livesBegun += 1;
    const life = new Life({
      number: this.#livesBegun,
      world: this.clock,
      skewMs: () => this.#skewMs(),
      gatesLeft: isLast ? Number.POSITIVE_INFINITY : gates,
      onEnd: (_, gate) => {
        this.#trace.note(this.clock.now(), `the engine dies ${gate}`);
        if (gate === WHEN_TOLD) this.#tally.count('stops');
        else {
          this.#tally.count(`crash ${gate.split(' ')[0]}`);
          this.#tally.count('crashes');
        }
      },
    });
    this.#life = life;
    this.#trace.note(this.clock.now(), `life ${life.number} begins`);
    const notes = { trace: this.#trace, tally: this.#tally, now: () => this.clock.now() };
    const around = { world: this.clock, plan: plan.faults, tally: this.#tally, trace: this.#trace };
    const onFault = (): void => {
      this.#link.lastFaultAt = this.clock.now();
    };
    const link = new FaultyLink(life, { ...around, dice: this.#dice.link, onFault });
    const { exchange } = this;
    this.#data = new ExchangeData({
      ...{ exchange, life, world: this.clock, plan: plan.faults, tally: this.#tally },
      ...{ dice: this.#dice.stream, timeframe: plan.timeframe, traits: plan.traits },
      // What happens on this way is no excuse for an order that is late.
      link: new FaultyLink(life, { ...around, dice: this.#dice.data, onFault: () => undefined }),
    });
    this.#accounts.forget();
    this.#record.forget();
    const venue = new DirectVenue({
      exchange: this.exchange,
      account: ACCOUNT,
      clock: life.clock,
      link,
      features: { deadManTakesStops: plan.seed % 2 === 0 },
    });
    this.#venue = venue;
    this.#engine = new EngineLife({
      ...{
        life,
        account: ACCOUNT,
        dir: this.#dir,
        seed: plan.seed,
        main: this.#main,
        sabotage: this.#sabotage,
        data: this.#data,
      },
      venue: notedVenue(this.#sabotage.venue?.(venue) ?? venue, { observer: this.#observer, ...notes }),
      feed: { symbols: plan.markets.map(({ symbol }) => symbol), timeframe: plan.timeframe },
      markets: Object.fromEntries(plan.markets.map(({ symbol }) => [symbol, onPaper])),
      said: (place) => this.#people.said(place),
      watched: this.#accounts.watching,
      loading: {
        isOver: () => this.clock.now() >= plan.faults.calmAt,
        onRepeated: (what) => {
          this.#repeated ??= what;
        },
        onHistory: (columns, until) => this.#bars.noteHistory(columns, until),
      },
      hooks: {
        watching: (feed, taken) => this.#bars.watching(feed, taken),
        onReady: () => {
          this.#trace.note(this.clock.now(), `life ${life.number} is ready`);
          this.#tally.count('starts');
          this.#idleSince = null;
          this.#excusedUntil = Math.max(this.#excusedUntil, this.clock.now());
        },
        onTaken: (taken) => this.#noteTaken(taken),
        onCommitted: () => this.#record.look(),
        onEarly: () => {
          this.#record.noteEarly();
          this.#people.interrupt();
        },
        onHeardMeanwhile: () => this.#tally.count('obeyed in the midst of a bar, or of loading'),
        onUnexpected: (what) => {
          this.#unexpected ??= what;
        },
        onTrouble: (kind) => this.#tally.count(`trouble ${kind}`),
        onWrite: () => this.#observer.become(),
      },
    });
    this.#idleSince ??= this.clock.now();
    this.#engine.start();
  }

  /** Once a life is over: what it had open is let go, and the next one begins after a while. */
  #bury(): void {
    if (this.#life === null || !this.#life.isOver) return;
    this.#engine!.dispose();
    this.#life = null;
    this.#engine = null;
    void this.#venue!.close();
    this.#venue = null;
    this.#data = null;
    this.#idleSince ??= this.clock.now();
    this.#observer.become();
    this.clock.after(this.#dice.engine.magnitude(300, 10 * 60_000), () => this.#begin());
  }

  #becomeCalm(): void {
    this.#trace.note(this.clock.now(), 'the faults cease');
    this.#life?.becomeImmortal();
  }

  #skewMs(): number {
    return this.#plan.faults.skews.findLast(({ at }) => at <= this.clock.now())?.skewMs ?? 0;
  }

  // ── bars and what comes of them ──────────────────────────────────────────────────────────────────────────────────────

  /** When the stream tells: soon after each bar has ended, and a few times while it forms. */
  #scheduleBars(): void {
    const { barMs, bars, markets } = this.#plan;
    const times = barMs > 60_000 ? 3 : 2;
    for (let bar = 0; bar < bars + CALM_BARS + CLOSING_BARS; bar += 1) {
      for (const { symbol } of markets) {
        for (let part = 0; part < times; part += 1) {
          const at = (bar + part / times) * barMs + this.#dice.stream.magnitude(20, 1_500);
          this.clock.after(at, () => this.#data?.tell(symbol, part === 0));
        }
      }
    }
  }

  #noteTaken(taken: PendingOutcome): void {
    const { instant, outcomes } = taken;
    this.#record.note(taken);
    this.#observer.become();
    this.#trace.note(this.clock.now(), `bars of ${instant.time} taken: ${instant.bars.map(({ symbol }) => symbol).join()}`);
    noteOutcomes(outcomes, this.clock.now(), this.#trace, this.#tally);
  }

  #limitsNow() {
    const limits = this.#engine?.limits ?? this.#limits;
    if (limits !== this.#limits && JSON.stringify(limits) !== JSON.stringify(this.#limits)) {
      // A clock that is wrong may count what was sent just before.
      this.#limitsSince = this.clock.now() + 5_000;
    }
    this.#limits = limits;
    return { limits: (stage: Stage) => limitsOf(this.#limits, stage, REHEARSAL), since: this.#limitsSince };
  }

  #excuse(): number {
    const now = this.clock.now();
    if (this.#idleSince !== null) return now;
    const isInSpell = this.#plan.faults.spells.some(({ kind, from, to }) => kind !== 'silence' && from <= now && now < to);
    if (isInSpell) this.#excusedUntil = now;
    this.#excusedUntil = Math.max(this.#excusedUntil, this.#link.lastFaultAt);
    return this.#excusedUntil;
  }
}
