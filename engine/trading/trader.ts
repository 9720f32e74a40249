import type Big from 'big.js';
import { sleep } from '#engine/clock.ts';
import { quoteProblem } from '#engine/contract/quote-asset.ts';
import { explain, RatchetError } from '#engine/errors.ts';
import type { HaltEvent } from '#engine/risk/trading-halt.ts';
import type { TradingLimits } from '#engine/risk/trading-limits.ts';
import type { AccountReport } from './account-look.ts';
import { AccountWatch } from './account-watch.ts';
import { DeadManSwitch } from './dead-man-switch.ts';
import { FillBook } from './fill-book.ts';
import { type Finding, Freezes } from './freezes.ts';
import type { Lane, LiveOrder } from './lane.ts';
import { LaneRunner } from './lane-runner.ts';
import { type LaneFill, Ledger } from './ledger.ts';
import { isUnanswered } from './next-action.ts';
import { hasEnded } from './order-state.ts';
import { oversold } from './oversold.ts';
import { Portfolio } from './portfolio.ts';
import type { ClosedPosition } from './position.ts';
import { Prices } from './prices.ts';
import { QuoteWatch } from './quote-watch.ts';
import { RiskKeeper } from './risk-keeper.ts';
import { wishAllSold, wishSold } from './sell-wish.ts';
import { StrategyDesk } from './strategy-desk.ts';
import { type Expected, StrategyDesks } from './strategy-desks.ts';
import { healthOf, type TraderHealth } from './trader-health.ts';
import type { AccountRequest, TraderOptions } from './trader-options.ts';
import { DEFAULT_TIMINGS, type TraderParts } from './trader-parts.ts';
import { VenueAccount } from './venue-account.ts';

const unowned = 'its strategy trades here no longer';
const stopWaitsMs = 5_000;

/**
 * Everything that trades on one venue account: all strategies, one lane for each symbol of each. Orders are journalled before they are
 * sent, and asked for until their fate is known; the account is compared with the journal at the start and every few minutes.
 */
export class Trader {
  readonly #parts: TraderParts;
  readonly #runner: LaneRunner;
  readonly #watch: AccountWatch;
  readonly #deadMan: DeadManSwitch;
  readonly #quotes: QuoteWatch;
  readonly #portfolio: Portfolio;
  readonly #desks: StrategyDesks;
  #isReady = false;
  /** Nobody will be there to protect what an entry still brings. */
  #isLeaving = false;
  #isStopped = false;
  #isBroken = false;

  /** Folds the journal; sends nothing. */
  static async open(options: TraderOptions): Promise<Trader> {
    return new Trader(options);
  }

  private constructor(options: TraderOptions) {
    const { venue, journal, clock, log, random, policy, onTrouble, timings } = options;
    this.#desks = new StrategyDesks(policy);
    let isLoading = true;
    const ledger = Ledger.load(journal, {
      filled: (lane, told) => {
        this.#desks.noteFill(lane, told);
        if (!isLoading) this.#onFill(lane, told);
      },
      closed: (lane, closed, dust) => {
        this.#desks.noteClosed(lane, closed, dust);
        if (!isLoading) this.#onClosed(lane, closed);
      },
    });
    isLoading = false;
    this.#parts = {
      ...{ venue, clock, log, random, policy, onTrouble, ledger },
      timings: { ...DEFAULT_TIMINGS, ...timings },
      freezes: new Freezes(journal),
      risk: new RiskKeeper(journal),
      prices: new Prices(),
      markets: new Map(),
      unlisted: new Set(),
      freeze: (finding) => this.#freeze(finding),
    };
    const cursor = journal.cursor();
    this.#portfolio = new Portfolio(
      this.#parts,
      () => this.#desks,
      () => this.#desks.left,
    );
    this.#portfolio.noteMoney(journal.baselines());
    const fills = new FillBook(this.#parts, cursor?.fillsSince ?? clock.now(), () => this.#kickAll());
    this.#quotes = new QuoteWatch(this.#parts, {
      symbols: () => this.#wanted(),
      barsMs: () => this.#desks.barsMs,
      fetched: () => this.#markNow(),
      failed: (error) => this.#fail(error),
    });
    this.#deadMan = new DeadManSwitch(this.#parts);
    this.#runner = new LaneRunner(
      this.#parts,
      {
        leaveOf: (lane) => (this.#isLeaving ? 'withdrawn' : (this.#desks.get(lane.strategy)?.leaveOf(lane) ?? 'withdrawn')),
        cashFor: (lane, wish) => this.#desks.get(lane.strategy)?.cashFor(lane, wish) ?? 'missing',
        judged: (lane, wish) => this.#desks.get(lane.strategy)?.judged(lane, wish) ?? { denial: 'withdrawn' },
        there: (lane) => this.#there(lane),
        isGivenUp: (order) => this.#isGivenUp(order),
        denied: (lane, code, reason) => this.#desks.get(lane.strategy)?.deny(lane.symbol, code, reason),
        refused: (lane, row, code, words) => this.#desks.get(lane.strategy)?.noteRefusal(row, code, words),
        forced: (lane, cause, reason) => this.#desks.get(lane.strategy)?.noteForced(lane, cause, reason),
        lacking: () => this.#watch.compareSoon(),
        goneFor: (order) => this.#watch.goneFor(order),
        weigh: (order) => this.#watch.weigh(order),
        intended: (lane) => this.#parts.risk.noteOrder(clock.now(), this.#desks.limitsOf(lane.strategy)),
        changed: () => this.#onChange(),
        freshQuote: (symbol) => this.#quotes.fetch([symbol]),
        failed: (error) => this.#fail(error),
      },
      fills,
    );
    this.#watch = new AccountWatch(
      this.#parts,
      {
        symbols: () => this.symbols,
        wanted: () => this.#wanted(),
        askSoon: (lane) => this.#runner.askSoon(lane),
        freshQuotes: () => this.#quotes.fetch(),
        compared: (report) => this.#onCompared(report),
        looked: () => this.#deadMan.review(),
        failed: (error) => this.#fail(error),
      },
      fills,
      cursor?.reconciledAt ?? null,
    );
  }

  /** Looks at the account for the first time, as often as it takes, before anything is sent; then loops begin. */
  async start(): Promise<void> {
    await this.#watch.first();
    if (this.#isStopped) return;
    this.#isReady = true;
    if (this.#parts.risk.halt.mode === 'flattening') this.#wishAllSold(this.#parts.risk.halt.reason);
    this.#sellUnowned();
    this.#runner.begin();
    this.#quotes.begin();
    this.#deadMan.review();
    this.#watch.begin();
  }

  /** From its next bar on a version may trade here: the market, and the prices of that moment, are known by then. */
  expect(strategy: string, expected: Expected): void {
    this.#desks.expect(strategy, expected);
    this.#quotes.review();
    if (this.#isReady && expected.symbols.some((symbol) => !this.#parts.markets.has(symbol))) void this.#learnMarkets();
  }

  /** Everything that is traded, and everything that ever was. */
  get symbols(): string[] {
    return [...new Set([...this.#parts.ledger.lanes].map(({ symbol }) => symbol))];
  }

  /**
   * The strategy's share of the account: the same orders and positions whichever version asks for it.
   * @throws RatchetError `engine/other-quote` for markets that are paid for in another asset than the account's
   */
  account(request: AccountRequest): VenueAccount {
    const { strategy, barMs, capital } = request;
    const problem = quoteProblem([...this.symbols, ...request.symbols]);
    if (problem !== null) {
      const message = `${strategy} cannot trade on this account: ${problem}.`;
      throw new RatchetError('engine/other-quote', message, 'Give it an engine and an account of its own.', { strategy });
    }
    const { desk, symbols } = this.#desks.seat(
      request,
      (record, taken) =>
        new StrategyDesk(
          this.#parts,
          {
            portfolio: this.#portfolio,
            actual: (asset) => this.#watch.actual(asset),
            clockFacts: () => this.#watch.clockFacts,
            prepare: (lane) => this.#runner.prepare(lane),
            kick: (lane) => this.#runner.kick(lane),
            mark: (limits) => this.#mark(this.#parts.clock.now(), limits),
            failed: (error) => this.#fail(error),
          },
          request,
          record,
          taken,
        ),
    );
    this.#watch.widen();
    this.#quotes.review();
    if (this.#isReady && symbols.some((symbol) => !this.#parts.markets.has(symbol))) void this.#learnMarkets();
    return new VenueAccount(desk, { symbols, barMs, capital }, () => this.#release(strategy));
  }

  #release(strategy: string): void {
    if (this.#desks.clear(strategy)) this.#sellUnowned();
  }

  /** What is held, or still comes, for a strategy that trades here no longer: nobody will ever decide on it. */
  #sellUnowned(): void {
    const left = [...this.#parts.ledger.lanes].filter(({ strategy }) => !this.#desks.has(strategy));
    for (const lane of left) if (lane.position.isOpen) wishSold(this.#parts.ledger, lane, unowned);
    this.#parts.ledger.commit();
    for (const lane of left) this.#runner.kick(lane);
  }

  /** Sells everything that the journal holds, withdraws all entries and makes none, until the venue has confirmed that nothing is left. */
  flatten(reason: string, by = 'ratchet'): void {
    this.#tell({ kind: 'flatten', at: this.#parts.clock.now(), by, reason });
    this.#wishAllSold(reason);
    this.#kickAll();
  }

  #wishAllSold(reason: string): void {
    wishAllSold(this.#parts.ledger, reason, (lane) => this.#noteFlatten(lane, reason));
  }

  #noteFlatten(lane: Lane, reason: string): void {
    this.#desks.get(lane.strategy)?.noteForced(lane, 'flatten', reason);
  }

  /** A person's order to the whole account; `active` also ends a halt that a limit of the account has caused. */
  order(event: Extract<HaltEvent, { kind: 'said' }>): void {
    this.#tell(event);
    this.#kickAll();
  }

  /**
   * A person accepts what was found about a symbol and could not be explained: from now on the balances as they are count as right.
   * @returns null, or why nothing was changed
   */
  async resolve(symbol: string, reason: string): Promise<string | null> {
    const refusal = await this.#watch.accept(symbol, reason);
    if (refusal !== null) return refusal;
    this.#portfolio.noteMoney(this.#parts.ledger.journal.baselines());
    this.#kickAll();
    return null;
  }

  /**
   * Does `work`, in which strategies decide, with all that it writes to the journal's database in one commit; what it has ordered is sent
   * once that is on disk. When that fails nothing is sent any more: memory is then ahead of the journal.
   */
  together<T>(work: () => T): T {
    const { ledger, risk } = this.#parts;
    try {
      return this.#runner.together(() =>
        ledger.journal.transaction(() => {
          const result = work();
          if (ledger.hasUnwritten || risk.isUnwritten) ledger.commit(() => risk.write());
          return result;
        }),
      );
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  /** All that accounts have told is recorded with the commit under way: no restart after it tells that again. */
  noteRecorded(): void {
    const { ledger } = this.#parts;
    for (const lane of ledger.lanes) {
      if (lane.forcedTold === 0) continue;
      ledger.remember(lane, { forced: lane.memory.forced.slice(lane.forcedTold) });
      lane.forcedTold = 0;
    }
  }

  health(): TraderHealth {
    return healthOf(this.#parts, {
      isReady: this.#isReady,
      isBroken: this.#isBroken,
      watch: this.#watch,
      deadMan: this.#deadMan.state,
      portfolio: this.#portfolio,
    });
  }

  /**
   * Begins nothing more, withdraws entries, and lets what is under way come to its end, for a few seconds. Protective stops stay at
   * the venue. An entry that could not be withdrawn is told.
   */
  async stop(): Promise<void> {
    const { clock } = this.#parts;
    const until = clock.now() + stopWaitsMs;
    await this.#withdrawEntries(until);
    this.#isStopped = true;
    this.#isReady = false;
    this.#watch.end();
    this.#runner.end();
    this.#quotes.end();
    this.#deadMan.end();
    while ((this.#runner.isBusy || this.#watch.isLooking) && clock.now() < until) await sleep(clock, 50);
  }

  async #withdrawEntries(until: number): Promise<void> {
    const { clock, ledger, log } = this.#parts;
    const waiting = () => [...ledger.live()].filter(({ order }) => order.row.role === 'entry').map(({ order }) => order.row);
    this.#isLeaving = true;
    if (!this.#isReady) return;
    this.#kickAll();
    while (waiting().length > 0 && !this.#isBroken && clock.now() < until) await sleep(clock, 50);
    const left = waiting().map(({ clientOrderId, symbol }) => `${clientOrderId} of ${symbol}`);
    if (left.length > 0)
      log.error({ left }, 'Entries may still rest at the venue, and nobody is here to protect what they bring.');
  }

  // ── what follows ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #onCompared({ askedAt, isDoubtful, ownOpen }: AccountReport): void {
    const { risk, ledger } = this.#parts;
    this.#portfolio.noteMoney(ledger.journal.baselines());
    this.#markNow();
    // Sales of what was not there were refused: how much is there is known now.
    for (const lane of ledger.lanes) if (this.#watch.there(lane) !== null) this.#runner.tryAgain(lane);
    if (risk.halt.mode === 'flattening' && ownOpen === 0 && !isDoubtful && this.#isClosed()) {
      if (risk.tell({ kind: 'confirmed-closed', at: askedAt })) ledger.commit(() => risk.write());
    }
  }

  /** Nothing is on its way, and nothing is held that could be sold. */
  #isClosed(): boolean {
    for (const lane of this.#parts.ledger.lanes)
      if (lane.position.isOpen || lane.orders.size > 0 || lane.memory.wish !== null) return false;
    return true;
  }

  /** Something in a lane has changed. */
  #onChange(): void {
    if (this.#isStopped) return;
    this.#deadMan.review();
    if (this.#parts.risk.halt.mode !== 'flattening' || !this.#isClosed()) return;
    this.#watch.compareSoon();
  }

  async #learnMarkets(): Promise<void> {
    try {
      if (await this.#watch.learnMarkets()) this.#kickAll();
    } catch (error) {
      this.#fail(error);
    }
  }

  #onFill(lane: Lane, { fill }: LaneFill): void {
    const { risk, ledger } = this.#parts;
    const finding = oversold(lane, fill, this.#parts.markets.get(lane.symbol));
    if (finding !== null) this.#freeze(finding);
    const value = fill.quantity.times(fill.price).toNumber();
    risk.noteFill({ time: fill.time, value }, this.#desks.limitsOf(lane.strategy));
    const { halt } = risk;
    // What an order brings that was on its way while everything is being sold is sold too.
    if (halt.mode === 'flattening' && lane.position.isOpen && lane.memory.wish?.kind !== 'sell')
      wishSold(ledger, lane, halt.reason, () => this.#noteFlatten(lane, halt.reason));
    else if (this.#isReady && !this.#desks.has(lane.strategy) && lane.position.isOpen) wishSold(ledger, lane, unowned);
    else if (!lane.position.isOpen && lane.memory.wish?.kind === 'sell' && lane.orders.size === 0)
      ledger.remember(lane, { wish: null });
  }

  #onClosed(lane: Lane, { opened, exitCause, exitTime }: ClosedPosition): void {
    const { risk } = this.#parts;
    const { strategy, symbol } = lane;
    const result = opened.soldValue.minus(opened.boughtCost).minus(opened.fees);
    const netReturn = result.div(opened.boughtCost).toNumber();
    const isStop = exitCause === 'stop' || exitCause === 'trailing-stop';
    risk.noteTrade({ time: Math.round(exitTime), strategy, symbol, netReturn, isStop }, this.#desks.limitsOf(strategy));
    // What was to be bought to a position has lost its ground with it.
    const hasEntry = [...lane.orders.values()].some(({ row }) => row.role === 'entry');
    const { wish, decided } = lane.memory;
    if (hasEntry && wish === null) this.#parts.ledger.remember(lane, { wish: { kind: 'withdraw', instant: decided } });
  }

  #markNow(): void {
    if (this.#isReady) this.#mark(this.#parts.clock.now(), this.#parts.policy('live'));
  }

  /** Values the account at the newest prices, and halts it where a limit of the whole account is passed. */
  #mark(now: number, limits: TradingLimits): void {
    const result = this.#portfolio.result(now);
    if (Number.isNaN(result) || !this.#portfolio.isAtStake) return;
    const { risk, ledger, onTrouble } = this.#parts;
    if (!risk.noteEquity(now, this.#portfolio.capital, result, limits)) return;
    ledger.commit(() => risk.write());
    const { halt } = risk;
    if (halt.mode !== 'active') onTrouble({ kind: 'halted', symbol: null, message: `Trading is ${halt.mode}: ${halt.reason}` });
    this.#kickAll();
  }

  #tell(event: HaltEvent): void {
    const { risk, ledger } = this.#parts;
    if (risk.tell(event)) ledger.commit(() => risk.write());
  }

  #freeze(finding: Finding): void {
    const { freezes, clock, onTrouble, log, ledger } = this.#parts;
    if (!freezes.add(finding, clock.now())) return;
    log.error({ symbol: finding.symbol, code: finding.code }, finding.message);
    onTrouble({ kind: 'frozen', symbol: finding.symbol, message: finding.message });
    for (const lane of ledger.lanesOf(finding.symbol)) this.#runner.kick(lane);
    // The account tells what an order did of which the venue does not.
    if (finding.code === 'vanished-order' || finding.code === 'missing-fills') this.#watch.compareSoon();
  }

  /** Of a frozen symbol no more is sold than is really there of what our fills brought. */
  #there(lane: Lane): Big | null {
    return this.#parts.freezes.why(lane.symbol) === null ? null : this.#watch.there(lane);
  }

  /**
   * A person was told that nobody knows what became of the order, and balances were looked at since: nothing waits for it any more. That
   * goes for a sale of which no answer ever came, since no more is sold than is really there, and for others when everything is to be sold.
   */
  #isGivenUp(order: LiveOrder): boolean {
    const { freezes, risk } = this.#parts;
    const { row, isCancelAsked } = order;
    if (!freezes.doubts(row) || !this.#watch.hasWeighed(row.clientOrderId)) return false;
    if (isUnanswered(order)) return true;
    if (risk.halt.mode !== 'flattening') return false;
    return row.role !== 'protection' || isCancelAsked || hasEnded(row);
  }

  #kickAll(): void {
    for (const lane of this.#parts.ledger.lanes) this.#runner.kick(lane);
  }

  #wanted(): string[] {
    return [...new Set([...this.symbols, ...this.#desks.expectedSymbols])];
  }

  /** What could not be written is not known after a restart: nothing more is sent. */
  #fail(error: unknown): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#isStopped = true;
    this.#runner.end();
    this.#quotes.end();
    this.#deadMan.end();
    this.#watch.end();
    const message = `Trading has stopped, because the journal and the memory may differ: ${explain(error)}`;
    this.#parts.log.error(message);
    this.#parts.onTrouble({ kind: 'journal', symbol: null, message });
  }
}
