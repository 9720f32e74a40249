import { Big } from 'big.js';
import type { DecisionRecord } from '#engine/contract/intent.ts';
import type { HaltState } from '#engine/risk/pre-trade.ts';
import { strictest } from '#engine/risk/trading-halt.ts';
import type { TradingLimits } from '#engine/risk/trading-limits.ts';
import type { ClosedBar } from '#engine/simulation/types.ts';
import { DirectVenue } from '#engine/venues/rehearsal/direct-venue.ts';
import { Exchange } from '#engine/venues/rehearsal/exchange.ts';
import type { Venue } from '#engine/venues/venue.ts';
import { VenueError } from '#engine/venues/venue-error.ts';
import { Dice } from './dice.ts';
import { drawLimits } from './draw-limits.ts';
import { EngineLife } from './engine-life.ts';
import { FaultyLink } from './faulty-link.ts';
import { type Evidence, isOurs } from './invariants/evidence.ts';
import { Life } from './life.ts';
import { type Found, Observer } from './observer.ts';
import { type Act, drawActs } from './people.ts';
import { decide } from './random-strategist.ts';
import { CALM_BARS, CLOSING_BARS, type PlannedStrategy, type RunPlan } from './run-plan.ts';
import type { Sabotage } from './sabotage.ts';
import type { Tally } from './tally.ts';
import type { Trace } from './trace.ts';
import { drained, VirtualClock } from './virtual-clock.ts';

export const ACCOUNT = 'rehearsal-1';

const QUIET_EVERY_MS = 1_000;

interface Held {
  state: HaltState;
  at: number | null;
}

/** One run: the exchange, the way to it, the engine's lives one after the other, and everybody who has a hand in it. */
export class World {
  readonly clock: VirtualClock;
  readonly exchange: Exchange;
  readonly #plan: RunPlan;
  readonly #trace: Trace;
  readonly #tally: Tally;
  readonly #sabotage: Sabotage;
  readonly #journalFile: string;
  readonly #observer: Observer;
  readonly #link = { faults: 0, lastFaultAt: Number.NEGATIVE_INFINITY };
  readonly #dice: { readonly link: Dice; readonly people: Dice; readonly engine: Dice; readonly limits: Dice };
  readonly #minds = new Map<string, Dice>();
  readonly #halts = new Map<string, Held>();
  readonly #marks = new Map<string, number>();
  /** What each strategy decided last, and on which bars: taken up again after a crash. */
  readonly #decided = new Map<string, { readonly time: number; readonly decisions: readonly DecisionRecord[] }>();
  #limits: TradingLimits;
  #limitsSince = 0;
  /** What holds the whole account back, as far as the engine has shown. */
  #accountHalt: Held = { state: 'active', at: null };
  #life: Life | null = null;
  #engine: EngineLife | null = null;
  #venue: DirectVenue | null = null;
  #livesBegun = 0;
  #idleSince: number | null = null;
  #excusedUntil: number;
  #unexpected: string | null = null;
  readonly #only: string | undefined;

  constructor(options: {
    readonly plan: RunPlan;
    readonly journalFile: string;
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
    this.#journalFile = options.journalFile;
    this.clock = new VirtualClock(plan.from);
    this.#excusedUntil = plan.from;
    const { markets, fees, refusesReachedStops } = plan;
    this.exchange = new Exchange(this.clock, { markets, balances: { [ACCOUNT]: plan.balances }, fees, refusesReachedStops });
    const dice = (name: string): Dice => new Dice(plan.seed, name);
    this.#dice = { link: dice('link'), people: dice('people at work'), engine: dice('engine'), limits: dice('limits') };
    this.#limits = drawLimits(this.#dice.limits, plan.barMs);
    for (const { id } of plan.strategies) {
      this.#minds.set(id, dice(`mind of ${id}`));
      this.#halts.set(id, { state: 'active', at: null });
    }
    // The file must be there before anybody can read it.
    EngineLife.createJournal(this.#journalFile, ACCOUNT);
    this.#observer = new Observer({
      exchange: this.exchange,
      account: ACCOUNT,
      journalFile: this.#journalFile,
      barMs: plan.barMs,
      trace: this.#trace,
      tally: this.#tally,
      memory: () => this.#memory(),
      marks: this.#marks,
      capital: plan.strategies.reduce((sum, { capital }) => sum + capital, 0),
      limits: () => ({ limits: this.#limits, since: this.#limitsSince }),
      excusedUntil: () => this.#excuse(),
      only: options.only,
    });
    this.#only = options.only;
  }

  /** @returns the first violation, or null */
  async run(): Promise<Found | null> {
    const { plan } = this;
    this.#scheduleBars();
    for (const { at, act } of drawActs(plan)) this.clock.after(at - plan.from, () => this.#act(act));
    for (const { kind, from, to } of plan.faults.spells) {
      this.#tally.count(`spell ${kind}`);
      if (kind !== 'outage') continue;
      this.clock.after(from - plan.from, () => this.#venue?.tell({ kind: 'lost' }));
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
      (await this.#runUntil(quietAt, () => this.#engine?.flatten('the run ends'))) ??
      (await this.#runUntil(quietAt + (CLOSING_BARS - 2) * plan.barMs)) ??
      (await this.#findQuiet(quietAt + CLOSING_BARS * plan.barMs - 1)) ??
      (this.#only === undefined ? this.#lookClosed() : null)
    );
  }

  close(): void {
    this.#life?.end('the end');
    this.#engine?.dispose();
    this.#observer.close();
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
    for (const { strategy, symbol, quantity } of this.#memory().lanes) {
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
        this.#tally.count(`crash ${gate.split(' ')[0]}`);
        this.#tally.count('crashes');
      },
    });
    this.#life = life;
    this.#trace.note(this.clock.now(), `life ${life.number} begins`);
    const link = new FaultyLink(life, {
      world: this.clock,
      plan: plan.faults,
      dice: this.#dice.link,
      tally: this.#tally,
      trace: this.#trace,
      onFault: () => {
        this.#link.lastFaultAt = this.clock.now();
      },
    });
    const venue = new DirectVenue({
      exchange: this.exchange,
      account: ACCOUNT,
      clock: life.clock,
      link,
      features: { deadManTakesStops: plan.seed % 2 === 0 },
    });
    this.#venue = venue;
    this.#engine = new EngineLife({
      life,
      venue: this.#noted(this.#sabotage.venue?.(venue) ?? venue),
      journalFile: this.#journalFile,
      account: ACCOUNT,
      strategies: plan.strategies,
      barMs: plan.barMs,
      seed: plan.seed,
      limits: () => this.#sabotage.limits?.(this.#limits) ?? this.#limits,
      haltOf: (id) => this.#halts.get(id)!.state,
      sabotage: this.#sabotage,
      onReady: () => {
        this.#trace.note(this.clock.now(), `life ${life.number} is ready`);
        this.#tally.count('starts');
        this.#idleSince = null;
        this.#excusedUntil = Math.max(this.#excusedUntil, this.clock.now());
        this.#takeUpAgain();
      },
      onUnexpected: (what) => {
        this.#unexpected ??= what;
      },
      onTrouble: (kind) => this.#tally.count(`trouble ${kind}`),
      onWrite: () => this.#observer.become(),
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

  /** A venue whose sendings are noted at the door. */
  #noted(venue: Venue): Venue {
    return new Proxy(venue, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        if (name !== 'place') return value.bind(target);
        return async (request: Parameters<Venue['place']>[0]) => {
          const sent = this.#observer.noteSending(request);
          this.#trace.note(
            this.clock.now(),
            `sends ${request.side} ${request.kind} ${request.quantity} ${request.clientOrderId}`,
          );
          try {
            const placed = await target.place(request);
            sent.outcome = 'done';
            return placed;
          } catch (error) {
            // An id that is known already may be known for this very order.
            const isSure = error instanceof VenueError && error.kind !== 'duplicate';
            sent.outcome = isSure ? error.certainty : 'unknown';
            if (isSure && error.certainty === 'refused') this.#tally.count(`refused ${error.kind}`);
            throw error;
          }
        };
      },
    });
  }

  // ── bars and decisions ───────────────────────────────────────────────────────────────────────────────────────────────

  #scheduleBars(): void {
    const { from, barMs, bars } = this.#plan;
    for (let bar = 0; bar < bars + CALM_BARS + CLOSING_BARS; bar += 1) {
      const close = (bar + 1) * barMs;
      this.clock.after(close + this.#dice.engine.magnitude(20, 1_500), () => this.#deliver(from + bar * barMs));
    }
  }

  #deliver(time: number): void {
    for (const strategy of this.#plan.strategies) this.#instant(strategy, time);
  }

  #instant(strategy: PlannedStrategy, time: number): void {
    const engine = this.#engine;
    if (engine === null || !engine.isReady) return;
    const bars = strategy.symbols.map((symbol) => this.#barOf(symbol, time));
    engine.act(() => {
      for (const { symbol, close } of bars) this.#marks.set(symbol, close);
      engine.onBars(strategy.id, bars);
      const decisions = this.#decide(strategy, bars);
      this.#decided.set(strategy.id, { time, decisions });
      engine.submit(strategy.id, decisions);
      this.#tally.count('decisions', decisions.filter(({ action }) => action !== 'hold').length);
      for (const { code } of engine.takeDenials(strategy.id)) this.#tally.count(`denied ${code}`);
    });
    this.#observer.become();
  }

  #decide({ id, temper }: PlannedStrategy, bars: readonly ClosedBar[]): DecisionRecord[] {
    const isOver = this.clock.now() >= this.#plan.faults.calmAt;
    const positions = this.#engine!.positions(id);
    if (this.#halts.get(id)!.state === 'reducing') {
      // As a slot does while the control says so.
      return bars.map(({ symbol }) => ({ symbol, action: 'exit', reason: 'everything goes' }));
    }
    return bars.map((bar) => {
      if (isOver) return { symbol: bar.symbol, action: 'hold', reason: 'the run ends' };
      return decide(
        this.#minds.get(id)!,
        temper,
        bar,
        positions.find(({ symbol }) => symbol === bar.symbol),
      );
    });
  }

  /** What was decided on the last bar may not have been kept: the engine takes the same bar and the same decision again. */
  #takeUpAgain(): void {
    for (const strategy of this.#plan.strategies) {
      const last = this.#decided.get(strategy.id);
      const engine = this.#engine!;
      if (last === undefined || this.clock.now() >= this.#plan.faults.calmAt || !this.#dice.engine.chance(0.7)) continue;
      this.#tally.count('decisions taken again');
      engine.act(() => {
        const bars = strategy.symbols.map((symbol) => this.#barOf(symbol, last.time));
        for (const { symbol, close } of bars) this.#marks.set(symbol, close);
        engine.onBars(strategy.id, bars);
        engine.submit(strategy.id, last.decisions);
      });
    }
  }

  #barOf(symbol: string, time: number): ClosedBar {
    const { columns } = this.exchange.path(symbol);
    const row = (time - this.#plan.from) / this.#plan.barMs;
    return {
      symbol,
      time,
      open: columns.open[row]!,
      high: columns.high[row]!,
      low: columns.low[row]!,
      close: columns.close[row]!,
      volume: columns.volume[row]!,
    };
  }

  #memory(): Evidence['memory'] {
    const engine = this.#engine;
    if (engine === null || !engine.isReady) return { lanes: [], strategies: [] };
    const lanes = this.#plan.strategies.flatMap(({ id }) =>
      engine.positions(id).map(({ symbol, quantity }) => ({ strategy: id, symbol, quantity })),
    );
    this.#noteAccountHalt(engine.accountHalt);
    const strategies = this.#plan.strategies.map(({ id, capital }) => {
      const { state, at } =
        strictest([this.#halts.get(id)!.state, this.#accountHalt.state]) === this.#accountHalt.state
          ? this.#accountHalt
          : this.#halts.get(id)!;
      return { strategy: id, capital, equity: engine.equity(id), halt: state, haltedAt: at };
    });
    return { lanes, strategies };
  }

  #noteAccountHalt(state: HaltState): void {
    if (state === this.#accountHalt.state) return;
    this.#accountHalt = { state, at: state === 'active' ? null : this.clock.now() };
    this.#trace.note(this.clock.now(), `the account is ${state}`);
    this.#tally.count(`account ${state}`);
  }

  #excuse(): number {
    const now = this.clock.now();
    if (this.#idleSince !== null) return now;
    const isInSpell = this.#plan.faults.spells.some(({ kind, from, to }) => kind !== 'silence' && from <= now && now < to);
    if (isInSpell) this.#excusedUntil = now;
    this.#excusedUntil = Math.max(this.#excusedUntil, this.#link.lastFaultAt);
    return this.#excusedUntil;
  }

  // ── people ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  #act(act: Act): void {
    const { clock } = this;
    this.#trace.note(clock.now(), `somebody: ${JSON.stringify(act)}`);
    this.#tally.count(`act ${act.kind}`);
    const dice = this.#dice.people;
    switch (act.kind) {
      case 'halt':
        this.#halts.set(act.strategy, { state: act.state, at: act.state === 'active' ? null : clock.now() });
        this.#engine?.act(() => this.#engine!.setHalt(act.strategy, act.state));
        break;
      case 'flatten':
        this.#engine?.act(() => this.#engine!.flatten('somebody wants it'));
        break;
      case 'resume':
        this.#engine?.act(() => this.#engine!.resume());
        break;
      case 'limits':
        this.#limits = drawLimits(this.#dice.limits, this.#plan.barMs);
        // A clock that is wrong may count what was sent just before.
        this.#limitsSince = clock.now() + 5_000;
        break;
      case 'foreign-order':
        this.#tryByHand(() => {
          const { minQuantity, stepSize } = this.exchange.markets().find(({ symbol }) => symbol === act.symbol)!;
          const quantity = minQuantity.times(dice.whole(1, 5)).div(stepSize).round(0).times(stepSize);
          const side = dice.pick(['buy', 'sell'] as const);
          const order = { clientOrderId: null, symbol: act.symbol, side, kind: 'market', quantity } as const;
          this.exchange.place(ACCOUNT, { ...order, limitPrice: null, stopPrice: null });
        });
        break;
      case 'foreign-cancel':
        this.#tryByHand(() => {
          const open = this.exchange.openOrders(ACCOUNT);
          if (open.length > 0) this.exchange.cancel(ACCOUNT, dice.pick(open).number);
        });
        break;
      case 'deposit':
        this.exchange.deposit(ACCOUNT, act.asset, new Big('0.5'));
        break;
      case 'withdrawal': {
        const free = this.exchange.balances(ACCOUNT).get(act.asset)?.free ?? new Big(0);
        this.exchange.deposit(ACCOUNT, act.asset, free.div(7).round(6, Big.roundDown).times(-1));
        break;
      }
      case 'resolve':
        for (const symbol of this.#observer.frozenSymbols()) this.#engine?.act(() => this.#engine!.resolve(symbol));
        break;
      case 'kill':
        this.#life?.end('between two acts');
        this.#bury();
    }
    this.#observer.become();
  }

  /** What the exchange refuses somebody is nobody's trouble. */
  #tryByHand(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof VenueError)) throw error;
    }
  }
}
