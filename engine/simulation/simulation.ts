import type { CandleColumns } from '#engine/candles/types.ts';
import { copyIntent, createIntent, type DecisionRecord, INTENT_NUMBERS, type Intent } from '#engine/contract/intent.ts';
import { isMissing, missing } from '#engine/contract/intrinsics.ts';
import type { Denial } from '#engine/risk/denial.ts';
import type { HaltState } from '#engine/risk/pre-trade.ts';
import { Book } from './book.ts';
import { Desk } from './desk.ts';
import { buyAtOpen, closeBar, fillInside, sellAtOpen } from './matching.ts';
import { isReduction, makeOrder } from './orders.ts';
import { ageQuietBars, skipQuietBars } from './quiet-bars.ts';
import { restoreSimulation, type SimulationSnapshot, snapshotSimulation } from './snapshot.ts';
import type { ClosedBar, Fill, PositionView, SimulationSettings, Trade } from './types.ts';

// Bundled into the strategy realm: no Node imports here.

/**
 * Account, orders and matching over the symbols of one strategy: the one implementation for backtest, paper and shadow.
 *
 * A paper step, for the bars that closed at one instant (all with the same open time; a symbol without a trade has no bar):
 *
 *     const simulation = new Simulation({ symbols, markets, capital, barMs });
 *     …
 *     simulation.onBars(bars);                                             // 1. waiting orders and protection meet the bars
 *     const decisions = await live.decide({ bars, positions: simulation.positions() });   // 2. the strategy sees bars and positions
 *     simulation.submit(decisions);                                        // 3. decisions pass risk and wait for the next open
 *     const record = simulation.takeRecord();                              // fills, trades and denials since it was last taken
 *     store(record, simulation.snapshot());                                // one transaction: a kill loses all of the step or none
 *
 * `runLoop` of engine/backtest makes the same three moves through the same methods beneath (`setBar`, `advance`, `place`, `commit`),
 * so paper and backtest cannot part; where no bar can touch anything it lets many pass and catches up (`settle`). `Simulation.restore(settings, snapshot)` goes on where `snapshot()` was taken.
 *
 * Long only, spot: weights from 0 to 1 of equity, cash never below zero. All money in the quote asset.
 */
export class Simulation {
  readonly settings: SimulationSettings;
  readonly #desk: Desk;
  readonly #books: readonly Book[];
  readonly #bySymbol = new Map<string, Book>();
  readonly #delayBars: number;
  #halt: HaltState = 'active';
  /** Some book has an intent that `commit` has not seen. */
  #isAnyPlaced = false;

  constructor(settings: SimulationSettings) {
    this.settings = settings;
    this.#delayBars = settings.delayBars ?? 0;
    this.#books = settings.symbols.map((symbol) => {
      const rules = settings.markets[symbol];
      if (rules === undefined) throw new RangeError(`No market rules for ${symbol}.`);
      return new Book(symbol, rules, this.#delayBars);
    });
    for (const book of this.#books) this.#bySymbol.set(book.symbol, book);
    this.#desk = new Desk(settings.capital, this.#books);
  }

  /** Continues where `snapshot` was taken. Settings may differ in what the market charges, not in the symbols held. */
  static restore(settings: SimulationSettings, snapshot: SimulationSnapshot): Simulation {
    const simulation = new Simulation(settings);
    simulation.#halt = snapshot.halt;
    restoreSimulation(simulation.#desk, snapshot);
    return simulation;
  }

  /** Plain JSON: everything but the settings and the record not yet taken. Parse it with `StoredSimulation` when it comes from outside. */
  snapshot(): SimulationSnapshot {
    if (this.#delayBars > 0) throw new RangeError('Delayed decisions exist in backtests only, and those are not saved.');
    return snapshotSimulation(this.#desk, this.#halt);
  }

  // ── one instant at a time ────────────────────────────────────────────────────────────────────────────────────────────

  /** Lets the bars that closed at one instant fill what waits. Bars of symbols that are not declared are refused. */
  onBars(bars: readonly ClosedBar[]): void {
    if (bars.length === 0) return;
    for (const bar of bars) {
      const index = this.#books.findIndex((book) => book.symbol === bar.symbol);
      if (index < 0) throw new RangeError(`${bar.symbol} is not one of ${this.settings.symbols.join(', ')}.`);
      if (bar.time !== bars[0]!.time) throw new RangeError('The bars of one step open at the same time.');
      this.setBar(index, columnsOfBar(bar), 0);
    }
    this.advance();
  }

  /** Judges the decisions made on the bars last seen, and turns those that pass into orders for the next bar. */
  submit(decisions: readonly DecisionRecord[]): void {
    for (const decision of decisions) {
      const index = this.#books.findIndex((book) => book.symbol === decision.symbol);
      if (index >= 0) this.place(index, intentOf(decision));
      else {
        const time = this.#desk.time + this.settings.barMs;
        this.#desk.denials.push({ time, symbol: decision.symbol, code: 'undeclared-symbol', reason: decision.reason });
      }
    }
    this.commit();
  }

  /**
   * Hands in a symbol's bar of the coming instant, the one at `at` of its columns. A bar without volume is a bar in which nothing
   * traded: it is no bar. Columns and an index rather than numbers, which would each be allocated on the way.
   */
  setBar(index: number, columns: CandleColumns, at: number): void {
    this.#desk.time = columns.time[at]!;
    const volume = columns.volume[at]!;
    if (!(volume > 0)) return;
    const book = this.#books[index]!;
    book.hasBar = true;
    // Storing a reference costs a barrier, and it is nearly always the same one.
    if (book.columns !== columns) book.columns = columns;
    book.at = at;
    book.agedTo = at - 1;
    book.volumeLeft = volume * book.rules.volumeShare;
  }

  /** Runs the bars handed in through the market. */
  advance(): void {
    const desk = this.#desk;
    const books = this.#books;
    for (let index = 0; index < books.length; index += 1) if (books[index]!.hasBar) sellAtOpen(desk, books[index]!);
    for (let index = 0; index < books.length; index += 1) if (books[index]!.hasBar) buyAtOpen(desk, books[index]!);
    for (let index = 0; index < books.length; index += 1) {
      const book = books[index]!;
      if (!book.hasBar) continue;
      fillInside(desk, book);
      closeBar(desk, book);
      book.hasBar = false;
    }
  }

  /** Notes a decision made on the bar last seen; `commit` carries it out. The intent is read there, not copied. */
  place(index: number, intent: Intent): void {
    const book = this.#books[index]!;
    if (this.#delayBars > 0) {
      this.#placeDelayed(book, intent);
    } else if (intent.action !== 'hold') {
      book.intent = intent;
      book.decisionClose = book.lastClose;
      this.#isAnyPlaced = true;
    }
  }

  /** Turns the decisions of this instant into orders: first those that free cash, then those that need it, in declared order. */
  commit(): void {
    if (this.#isAnyPlaced) this.#carryOutAll();
  }

  #carryOutAll(): void {
    this.#isAnyPlaced = false;
    const books = this.#books;
    const equity = this.equity();
    const openTime = this.#desk.time;
    this.#desk.time = openTime + this.settings.barMs;
    for (let index = 0; index < books.length; index += 1) {
      const book = books[index]!;
      if (book.intent !== null && isReduction(book, book.intent, equity)) this.#carryOut(book, equity);
    }
    for (let index = 0; index < books.length; index += 1) {
      const book = books[index]!;
      if (book.intent !== null) this.#carryOut(book, equity);
    }
    this.#desk.time = openTime;
  }

  #carryOut(book: Book, equity: number): void {
    const intent = book.intent!;
    book.intent = null;
    const denial = isMissing(book.lastClose) ? 'stale-data' : makeOrder(this.#desk, book, intent, equity, this.#halt);
    if (denial !== null) this.#desk.deny(book, denial, intent.reason);
  }

  #placeDelayed(book: Book, intent: Intent): void {
    const slot = book.delayed.shift()!;
    const due = createIntent();
    copyIntent(slot.intent, due);
    book.decisionClose = slot.close;
    copyIntent(intent, slot.intent);
    slot.close = book.lastClose;
    book.delayed.push(slot);
    if (due.action === 'hold') return;
    book.intent = due;
    this.#isAnyPlaced = true;
  }

  // ── many instants at a time ──────────────────────────────────────────────────────────────────────────────────────────

  /** Hands in a symbol's columns for a run over them; the bar at `at` is the last one before it. The book then shows what is held. */
  attach(index: number, columns: CandleColumns, at: number): Book {
    const book = this.#books[index]!;
    book.columns = columns;
    book.at = at;
    book.agedTo = at;
    return book;
  }

  /** Decisions are held back for some bars, holds among them. */
  get isDelaying(): boolean {
    return this.#delayBars > 0;
  }

  /** True when no order and no decision waits: bars that `quietBars` lets through need not be handed in one by one. */
  isIdle(): boolean {
    if (this.#delayBars > 0) return false;
    const books = this.#books;
    for (let index = 0; index < books.length; index += 1) if (books[index]!.order.kind !== 'none') return false;
    return true;
  }

  /**
   * Catches up with the bars that passed quietly, up to each book's `at`, and notes what the account was worth at the close of each
   * instant. In these instants either all had a bar of a symbol or none had. Also for one instant that `advance` has dealt with.
   * @param time open time of the last instant's bars
   * @param count of instants
   * @returns whether something was held at them
   */
  settle(time: number, count: number, worths: Float64Array): boolean {
    const books = this.#books;
    const { cash } = this.#desk.account;
    let isInvested = false;
    this.#desk.time = time;
    for (let instant = 0; instant < count; instant += 1) worths[instant] = cash;
    for (let index = 0; index < books.length; index += 1) {
      const book = books[index]!;
      if (book.position.quantity > 0) {
        isInvested = true;
        ageQuietBars(book, count, worths);
      } else {
        skipQuietBars(book);
      }
    }
    return isInvested;
  }

  // ── control ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  get halt(): HaltState {
    return this.#halt;
  }

  /**
   * All but `active` refuse new purchases; exits, reductions and cancels pass. `reducing`, `halted` and `breach` withdraw every
   * waiting purchase at once as well; under `paused` it stands.
   */
  setHalt(halt: HaltState): void {
    this.#halt = halt;
    if (halt === 'active' || halt === 'paused') return;
    for (const book of this.#books) this.#desk.withdrawPurchase(book);
  }

  /** Positions opened from now on carry this tag. */
  setVersion(version: string): void {
    this.#desk.version = version;
  }

  /** Closes every position at its last close with the taker fee, as the end of the data forces it; not a fill a market would give. */
  closeAll(reason: string): void {
    const openTime = this.#desk.time;
    this.#desk.time = openTime + this.settings.barMs;
    for (const book of this.#books) {
      if (book.position.quantity > 0) this.#desk.sell(book, book.position.quantity, book.lastClose, false, 'end-of-data', reason);
    }
    this.#desk.time = openTime;
  }

  // ── what is ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Cash and holdings at their last closes. */
  equity(): number {
    let equity = this.#desk.account.cash;
    for (let index = 0; index < this.#books.length; index += 1) {
      const book = this.#books[index]!;
      if (book.position.quantity > 0) equity += book.position.quantity * book.lastClose;
    }
    return equity;
  }

  get cash(): number {
    return this.#desk.account.cash;
  }

  /** Paid so far. */
  get fees(): number {
    return this.#desk.account.fees;
  }

  /** Value bought and sold so far. */
  get turnover(): number {
    return this.#desk.account.turnover;
  }

  /** Proceeds of sales less the cost of what was sold, before fees. */
  get realised(): number {
    return this.#desk.account.realised;
  }

  /** What the holdings have cost, before fees: `cash + holdingsAtCost = capital + realised - fees`. */
  get holdingsAtCost(): number {
    let cost = 0;
    for (const book of this.#books) cost += book.position.cost;
    return cost;
  }

  quantity(index: number): number {
    return this.#books[index]!.quantity;
  }

  entryPrice(index: number): number {
    return this.#books[index]!.entryPrice;
  }

  /** Every declared symbol, flat ones too: what `LiveStrategy.decide` wants to know. */
  positions(): PositionView[] {
    return this.#books.map((book) => ({
      symbol: book.symbol,
      quantity: book.position.quantity,
      entryPrice: book.entryPrice,
      barsHeld: book.barsHeld,
    }));
  }

  // The record since it was last taken. The arrays are emptied by their reader.

  get fills(): Fill[] {
    return this.#desk.fills;
  }

  get trades(): Trade[] {
    return this.#desk.trades;
  }

  get denials(): Denial[] {
    return this.#desk.denials;
  }

  /**
   * From now on fills and denials are not recorded, for loops that nobody asks for them.
   * @param takeTrade told of each trade instead of the record; the object is filled again for the next one
   */
  keepTradesOnly(takeTrade?: (trade: Trade) => void): void {
    this.#desk.isRecordingAll = false;
    if (takeTrade !== undefined) this.#desk.takeTrade = takeTrade;
  }

  takeRecord(): { fills: Fill[]; trades: Trade[]; denials: Denial[] } {
    return {
      fills: this.#desk.fills.splice(0),
      trades: this.#desk.trades.splice(0),
      denials: this.#desk.denials.splice(0),
    };
  }
}

function columnsOfBar({ time, open, high, low, close, volume }: ClosedBar): CandleColumns {
  return {
    time: Float64Array.of(time),
    open: Float64Array.of(open),
    high: Float64Array.of(high),
    low: Float64Array.of(low),
    close: Float64Array.of(close),
    volume: Float64Array.of(volume),
  };
}

/** A decision as it was stored or sent, to be judged and carried out. */
export function intentOf(decision: DecisionRecord): Intent {
  const intent = createIntent();
  intent.action = decision.action;
  intent.reason = decision.reason;
  // A number that was given but is not finite travels as null and must reach the check that refuses it.
  for (const name of INTENT_NUMBERS)
    intent[name] = decision[name] === null ? Number.NEGATIVE_INFINITY : (decision[name] ?? missing);
  return intent;
}
