import type Big from 'big.js';
import type { DenialCode } from '#engine/risk/denial.ts';
import type { OrderRow } from '#engine/store/journal/journal-rows.ts';
import type { NewOrder } from '#engine/store/journal/order-journal.ts';
import type { VenueMarket } from '#engine/venues/venue.ts';
import { VenueError } from '#engine/venues/venue-error.ts';
import { answered } from './call.ts';
import { clientOrderId } from './client-order-id.ts';
import { ZERO } from './decimals.ts';
import type { FillBook } from './fill-book.ts';
import type { Lane, LiveOrder, StopLevel, Wish } from './lane.ts';
import { stopLevel } from './lane.ts';
import { LaneRun } from './lane-run.ts';
import { type EntryLeave, type LaneAction, type LaneFacts, nextAction } from './next-action.ts';
import { nameOf, OrderFate } from './order-fate.ts';
import type { TraderParts } from './trader-parts.ts';

/** What a lane cannot know by itself: what its strategy and the whole account may do. */
export interface LaneSurroundings {
  leaveOf(lane: Lane): EntryLeave;
  /** How much of the wish the strategy's free cash buys, and whether more is to come. */
  cashFor(lane: Lane, wish: Extract<Wish, { kind: 'enter' }>): LaneFacts['cash'];
  /** The most that is really there of a frozen symbol; null where nothing says less than held. */
  there(lane: Lane): LaneFacts['there'];
  /** Its end is not waited for any more. */
  isGivenUp(order: LiveOrder): boolean;
  /** The entry as it is to be sent now; or why it is not. */
  judged(
    lane: Lane,
    wish: Extract<Wish, { kind: 'enter' }>,
  ): { readonly wish: Extract<Wish, { kind: 'enter' }> } | { readonly denial: DenialCode };
  denied(lane: Lane, code: DenialCode, reason: string): void;
  /** The venue has not taken the order of a decision. */
  refused(lane: Lane, row: OrderRow, code: DenialCode, words: string): void;
  /** All that the lane holds is about to be ordered sold, without a decision. */
  forced(lane: Lane, cause: StopLevel['cause'], reason: string): void;
  /** The venue says that what is to be sold is not there. */
  lacking(): void;
  /** How much of what an order was to sell has left the account unseen; null while that cannot be told. @throws VenueError */
  goneFor(order: LiveOrder): Promise<Big | null>;
  /** Looks what there is of the asset of an order of doubtful fate, unless that was done. @throws VenueError */
  weigh(order: LiveOrder): Promise<void>;
  /** Something was intended: it counts towards the rate of orders. */
  intended(lane: Lane): void;
  /** Something in the lane has changed. */
  changed(lane: Lane): void;
  /** Fetches the best prices of a symbol. @throws VenueError */
  freshQuote(symbol: string): Promise<void>;
  failed(error: unknown): void;
}

/**
 * Carries out what `nextAction` says, one thing at a time in each lane, and notes what came of it. Whatever is sent was journalled
 * before; whatever is not known to have happened is asked for.
 */
export class LaneRunner {
  readonly #parts: TraderParts;
  readonly #around: LaneSurroundings;
  readonly #fate: OrderFate;
  readonly #runs = new Map<Lane, LaneRun>();
  #isRunning = false;
  /** Those that were kicked while what they are to send is being written; null otherwise. */
  #held: Set<Lane> | null = null;
  /** The latest that the clock has shown, since it was last set back. */
  #latest = Number.NEGATIVE_INFINITY;

  constructor(parts: TraderParts, around: LaneSurroundings, fills: FillBook) {
    this.#parts = parts;
    this.#around = around;
    this.#fate = new OrderFate(
      parts,
      {
        denied: (lane, code, reason) => around.denied(lane, code, reason),
        refused: (lane, row, code, words) => around.refused(lane, row, code, words),
        lacking: () => around.lacking(),
        goneFor: (order) => around.goneFor(order),
        weigh: (order) => around.weigh(order),
        stopsRefused: (lane) => this.#sellAll(lane, 'stop', 'the venue takes no stop'),
      },
      fills,
    );
  }

  /** From now on lanes move. */
  begin(): void {
    this.#isRunning = true;
    for (const lane of this.#parts.ledger.lanes) this.kick(lane);
  }

  /** Nothing more is begun. */
  end(): void {
    this.#isRunning = false;
    for (const run of this.#runs.values()) run.cancelTimer?.();
  }

  get isBusy(): boolean {
    for (const run of this.#runs.values()) if (run.isRunning) return true;
    return false;
  }

  /** No lane moves before `work` is done; those that were kicked meanwhile move then, unless it fails. */
  together<T>(work: () => T): T {
    if (this.#held !== null) return work();
    const held = new Set<Lane>();
    this.#held = held;
    let result: T;
    try {
      result = work();
    } finally {
      this.#held = null;
    }
    // Those that want something first: what they send is awaited.
    const isWanting = (lane: Lane) => lane.memory.wish !== null || this.#runOf(lane).outbox.length > 0;
    const wanting = [...held].filter(isWanting);
    for (const lane of new Set([...wanting, ...held])) this.kick(lane);
    return result;
  }

  /** Looks whether there is something to do. */
  kick(lane: Lane): void {
    if (this.#held !== null) {
      this.#held.add(lane);
      return;
    }
    const run = this.#runOf(lane);
    if (run.isRunning) {
      run.isAgain = true;
      return;
    }
    if (!this.#canRun(lane)) return;
    this.#meetTime();
    this.#run(lane, run).catch((error: unknown) => this.#around.failed(error));
  }

  /** What sales and stops were refused for is known now. */
  tryAgain(lane: Lane): void {
    this.#runOf(lane).tryAgain();
    this.kick(lane);
  }

  /** News of a symbol: its orders are asked for now. */
  askSoon(lane: Lane): void {
    const now = this.#parts.clock.now();
    for (const order of lane.orders.values())
      if (!this.#runOf(lane).outbox.includes(order)) order.askAt = Math.min(order.askAt, now);
    this.kick(lane);
  }

  /**
   * Journals the first thing that the lane is to send, within the caller's transaction; `kick` sends it. A lane that is busy, or has
   * something else to do first, gets there by itself. @returns whether it did
   */
  prepare(lane: Lane): boolean {
    const run = this.#runOf(lane);
    if (run.isRunning || run.outbox.length > 0 || !this.#canRun(lane)) return false;
    const action = nextAction(this.#facts(lane), this.#parts.clock.now());
    const order = this.#intendFor(lane, action);
    if (order !== null) run.outbox.push(order);
    return order !== null;
  }

  /** A clock that was set back would make every wait longer by as much, also that for a stop: what is waited for comes back with it. */
  #meetTime(): void {
    const now = this.#parts.clock.now();
    const back = this.#latest - now;
    this.#latest = now;
    if (back <= 0) return;
    for (const run of this.#runs.values()) run.setBack(back);
    for (const { order } of this.#parts.ledger.live()) {
      order.askAt -= back;
      if (order.missing !== null) order.missing = { ...order.missing, since: order.missing.since - back };
    }
  }

  /** Nothing can be sent to a market that is not known yet, or no longer. */
  #canRun({ symbol }: Lane): boolean {
    const { markets, unlisted } = this.#parts;
    return this.#isRunning && markets.has(symbol) && !unlisted.has(symbol);
  }

  async #run(lane: Lane, run: LaneRun): Promise<void> {
    run.isRunning = true;
    run.cancelTimer?.();
    run.cancelTimer = null;
    try {
      while (this.#isRunning) {
        run.isAgain = false;
        const waiting = run.outbox.shift();
        if (waiting !== undefined) {
          await this.#send(lane, run, waiting);
          continue;
        }
        const { clock } = this.#parts;
        const action = nextAction(this.#facts(lane), clock.now());
        if (action.kind === 'none') break;
        if (action.kind === 'wait') {
          run.cancelTimer = clock.after(Math.max(1, action.until - clock.now()), () => this.kick(lane));
          break;
        }
        await this.#carryOut(lane, run, action);
      }
    } finally {
      run.isRunning = false;
    }
    this.#around.changed(lane);
    if (run.isAgain) this.kick(lane);
  }

  async #carryOut(lane: Lane, run: LaneRun, action: Exclude<LaneAction, { kind: 'none' | 'wait' }>): Promise<void> {
    const { ledger, clock } = this.#parts;
    switch (action.kind) {
      case 'ask':
        return this.#fate.ask(lane, run, lane.orders.get(action.order)!);
      case 'cancel':
        return this.#cancel(lane, run, lane.orders.get(action.order)!);
      case 'sell':
      case 'protect':
      case 'enter': {
        const order = this.#commit(() => this.#intendFor(lane, action));
        return order === null ? undefined : this.#send(lane, run, order);
      }
      case 'give-up':
        this.#sellAll(lane, action.cause, action.cause);
        return;
      case 'drop-wish': {
        const { wish } = lane.memory;
        ledger.remember(lane, { wish: null });
        this.#commit(() => undefined);
        if (action.why !== 'done' && wish?.kind === 'enter') this.#around.denied(lane, action.why, wish.reason);
        return;
      }
      case 'note-dust':
        ledger.remember(lane, { wish: null });
        this.#commit(() => ledger.noteDust(lane, clock.now()));
    }
  }

  #sellAll(lane: Lane, cause: StopLevel['cause'], reason: string): void {
    const { ledger } = this.#parts;
    this.#around.forced(lane, cause, reason);
    const instant = Math.max(lane.memory.decided, 0);
    ledger.remember(lane, { wish: { kind: 'sell', instant, downTo: ZERO, cause, reason } });
    this.#commit(() => undefined);
  }

  // ── sending ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The order that an action sends, in the journal; null for one that sends none, or was refused by our own rules. */
  #intendFor(lane: Lane, action: LaneAction): LiveOrder | null {
    switch (action.kind) {
      case 'sell': {
        const { cause, reason, instant } = action.wish;
        return this.#intend(lane, {
          role: 'exit',
          side: 'sell',
          kind: 'market',
          quantity: action.quantity,
          instant,
          cause,
          reason,
        });
      }
      case 'protect': {
        const { price, cause } = action.stop;
        const { instant } = lane.lastFill!.order;
        const draft = { role: 'protection', side: 'sell', kind: 'stop', quantity: action.quantity, instant, cause } as const;
        return this.#intend(lane, { ...draft, stopPrice: price, reason: cause });
      }
      case 'enter': {
        const judgement = this.#around.judged(lane, action.wish);
        this.#parts.ledger.remember(lane, { wish: null });
        if ('denial' in judgement) {
          this.#around.denied(lane, judgement.denial, action.wish.reason);
          return null;
        }
        const { wish } = judgement;
        return this.#intend(lane, {
          ...{ role: 'entry', side: 'buy', kind: wish.orderKind, quantity: wish.quantity, limitPrice: wish.limitPrice },
          ...{
            instant: wish.instant,
            cause: 'entry',
            reason: wish.reason,
            version: wish.version,
            terms: JSON.stringify(wish.terms),
          },
        });
      }
      default:
        return null;
    }
  }

  #intend(
    lane: Lane,
    draft: Pick<NewOrder, 'role' | 'side' | 'kind' | 'quantity' | 'instant' | 'cause' | 'reason'> & Partial<NewOrder>,
  ): LiveOrder {
    const { ledger, clock, venue } = this.#parts;
    const { strategy, symbol } = lane;
    const { role, instant } = draft;
    const attempt = ledger.journal.attempts(strategy, symbol, instant, role);
    const order = ledger.intend(lane, {
      ...{ limitPrice: null, stopPrice: null, terms: '', version: lane.position.opened?.version ?? '' },
      ...draft,
      ...{ strategy, symbol, attempt, createdAt: clock.now() },
      clientOrderId: clientOrderId({ account: venue.account, strategy, symbol, instant, role, attempt }),
    });
    this.#around.intended(lane);
    return order;
  }

  async #send(lane: Lane, run: LaneRun, order: LiveOrder): Promise<void> {
    const { venue, clock, timings } = this.#parts;
    const { clientOrderId, symbol, side, kind, quantity, limitPrice, stopPrice } = order.row;
    const request = { clientOrderId, symbol, side, kind, quantity, limitPrice, stopPrice };
    try {
      const { venueOrderId } = await answered(clock, timings.callTimeoutMs, 'place', () => venue.place(request));
      this.#fate.taken(lane, run, order, venueOrderId);
    } catch (error) {
      if (!(error instanceof VenueError)) throw error;
      this.#fate.notTaken(lane, run, order, error);
      // A stop is refused where its price is passed already: then what is held is sold.
      if (order.row.role === 'protection' && error.kind === 'invalid-order') await this.#lookAtPrice(lane);
    }
  }

  async #lookAtPrice({ symbol }: Lane): Promise<void> {
    try {
      await this.#around.freshQuote(symbol);
    } catch (error) {
      if (!(error instanceof VenueError)) throw error;
      this.#parts.log.warn({ symbol, code: error.code }, 'The price could not be looked at.');
    }
  }

  async #cancel(lane: Lane, run: LaneRun, order: LiveOrder): Promise<void> {
    const { venue, clock, timings, random } = this.#parts;
    try {
      await answered(clock, timings.callTimeoutMs, 'cancel', () => venue.cancel(nameOf(order)));
      order.isCancelAsked = true;
      order.asks = 0;
      run.cancelTaken();
    } catch (error) {
      if (!(error instanceof VenueError)) throw error;
      if (error.kind === 'no-such-order') order.isCancelAsked = true;
      else run.failed('question', error.retryAfterMs, clock.now(), random);
    }
    // Whatever was answered: what became of it is what counts.
    if (lane.orders.has(order.row.id)) order.askAt = clock.now();
  }

  // ── what is ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  #facts(lane: Lane): LaneFacts {
    const { prices, clock } = this.#parts;
    const market = this.#marketOf(lane);
    const run = this.#runOf(lane);
    const { memory, position } = lane;
    return {
      market,
      position,
      stop: stopLevel(lane, market.tickSize),
      price: prices.newest(lane.symbol)?.price ?? null,
      wish: memory.wish,
      orders: [...lane.orders.values()],
      entries: this.#around.leaveOf(lane),
      there: this.#around.there(lane),
      givenUp: new Set([...lane.orders.values()].filter((order) => this.#around.isGivenUp(order)).map(({ row }) => row.id)),
      cash: memory.wish?.kind === 'enter' ? this.#around.cashFor(lane, memory.wish) : 'free',
      retryAt: run.retryAt > clock.now() ? run.retryAt : 0,
      saleRetryAt: run.saleRetryAt,
    };
  }

  #marketOf({ symbol }: Lane): VenueMarket {
    return this.#parts.markets.get(symbol)!;
  }

  #commit<T>(work: () => T): T {
    const { ledger, risk } = this.#parts;
    let result: T;
    ledger.commit(() => {
      result = work();
      risk.write();
    });
    return result!;
  }

  #runOf(lane: Lane): LaneRun {
    let run = this.#runs.get(lane);
    if (run === undefined) {
      run = new LaneRun();
      this.#runs.set(lane, run);
    }
    return run;
  }
}
