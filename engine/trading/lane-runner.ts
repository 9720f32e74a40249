import { RatchetError } from '#engine/errors.ts';
import type { DenialCode } from '#engine/risk/denial.ts';
import type { NewOrder } from '#engine/store/journal/order-journal.ts';
import type { OrderName, VenueMarket } from '#engine/venues/venue.ts';
import { VenueError } from '#engine/venues/venue-error.ts';
import { answered } from './call.ts';
import { clientOrderId } from './client-order-id.ts';
import { ZERO } from './decimals.ts';
import type { FillBook } from './fill-book.ts';
import type { Lane, LiveOrder, Wish } from './lane.ts';
import { stopLevel } from './lane.ts';
import { type EntryLeave, type LaneAction, type LaneFacts, nextAction } from './next-action.ts';
import { hasEnded, NEVER_ARRIVED, type OrderEvent } from './order-state.ts';
import type { TraderParts } from './trader-parts.ts';

/** What a lane cannot know by itself: what its strategy and the whole account may do. */
export interface LaneSurroundings {
  leaveOf(lane: Lane): EntryLeave;
  /** How much of the wish the strategy's free cash buys, and whether more is to come. */
  cashFor(lane: Lane, wish: Extract<Wish, { kind: 'enter' }>): LaneFacts['cash'];
  /** The most that is really there of a frozen symbol; null where nothing says less than held. */
  there(lane: Lane): LaneFacts['there'];
  /** The entry as it is to be sent now; or why it is not. */
  judged(
    lane: Lane,
    wish: Extract<Wish, { kind: 'enter' }>,
  ): { readonly wish: Extract<Wish, { kind: 'enter' }> } | { readonly denial: DenialCode };
  denied(lane: Lane, code: DenialCode, reason: string): void;
  /** Something was intended: it counts towards the rate of orders. */
  intended(lane: Lane): void;
  /** Something in the lane has changed. */
  changed(lane: Lane): void;
  /** Fetches the best prices of a symbol. @throws VenueError */
  freshQuote(symbol: string): Promise<void>;
  failed(error: unknown): void;
}

/** What only this process knows of a lane. */
interface Run {
  isRunning: boolean;
  isAgain: boolean;
  cancelTimer: (() => void) | null;
  retryAt: number;
  saleRetryAt: number;
  failures: number;
  saleFailures: number;
  refusedStops: number;
  /** Journalled and to be sent at once. */
  readonly outbox: LiveOrder[];
}

const firstAskMs = 250;
const longestAskMs = 10_000;
const firstRetryMs = 1_000;
const firstSaleRetryMs = 5_000;
const longestRetryMs = 60_000;
/** A venue that refuses so many stops in a row will not protect this position. */
const refusedStopsMax = 3;
/** An order whose fills do not come, or that the venue no longer knows, is a person's business after so many questions. */
const asksMax = 12;

/**
 * Carries out what `nextAction` says, one thing at a time in each lane, and notes what came of it. Whatever is sent was journalled
 * before; whatever is not known to have happened is asked for.
 */
export class LaneRunner {
  readonly #parts: TraderParts;
  readonly #around: LaneSurroundings;
  readonly #fills: FillBook;
  readonly #runs = new Map<Lane, Run>();
  #isRunning = false;
  /** The latest that the clock has shown, since it was last set back. */
  #latest = Number.NEGATIVE_INFINITY;

  constructor(parts: TraderParts, around: LaneSurroundings, fills: FillBook) {
    this.#parts = parts;
    this.#around = around;
    this.#fills = fills;
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

  /** Looks whether there is something to do. */
  kick(lane: Lane): void {
    const run = this.#runOf(lane);
    if (run.isRunning) {
      run.isAgain = true;
      return;
    }
    if (!this.#canRun(lane)) return;
    this.#meetTime();
    this.#run(lane, run).catch((error: unknown) => this.#around.failed(error));
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
    for (const run of this.#runs.values()) {
      run.retryAt -= back;
      run.saleRetryAt -= back;
    }
    for (const { order } of this.#parts.ledger.live()) {
      order.askAt -= back;
      if (order.missing !== null) order.missing = { ...order.missing, since: order.missing.since - back };
    }
  }

  /** Nothing can be sent to a market that is not known yet. */
  #canRun({ symbol }: Lane): boolean {
    return this.#isRunning && this.#parts.markets.has(symbol);
  }

  async #run(lane: Lane, run: Run): Promise<void> {
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

  async #carryOut(lane: Lane, run: Run, action: Exclude<LaneAction, { kind: 'none' | 'wait' }>): Promise<void> {
    const { ledger, clock } = this.#parts;
    switch (action.kind) {
      case 'ask':
        return this.#ask(lane, run, lane.orders.get(action.order)!);
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

  #sellAll(lane: Lane, cause: Extract<Wish, { kind: 'sell' }>['cause'], reason: string): void {
    const { ledger } = this.#parts;
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

  async #send(lane: Lane, run: Run, order: LiveOrder): Promise<void> {
    const { venue, clock, timings } = this.#parts;
    const { clientOrderId, symbol, side, kind, quantity, limitPrice, stopPrice } = order.row;
    const request = { clientOrderId, symbol, side, kind, quantity, limitPrice, stopPrice };
    try {
      const { venueOrderId } = await answered(clock, timings.callTimeoutMs, 'place', () => venue.place(request));
      this.#noted(lane, order, { kind: 'taken', venueOrderId });
      order.askAt = isImmediate(order) ? clock.now() : Number.POSITIVE_INFINITY;
      this.#succeeded(run, order);
    } catch (error) {
      if (!(error instanceof VenueError)) throw error;
      this.#notSent(lane, run, order, error);
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

  #notSent(lane: Lane, run: Run, order: LiveOrder, error: VenueError): void {
    const { ledger, clock } = this.#parts;
    const now = clock.now();
    if (order.row.state !== 'pending') {
      order.askAt = now;
      return;
    }
    // What says that it has no money, or has this id already, may say so because the order is there.
    const isDoubtful = error.kind === 'duplicate' || error.kind === 'insufficient-funds';
    if (error.certainty === 'unknown' || (error.certainty === 'refused' && isDoubtful)) {
      ledger.note(lane, order, { kind: 'lost', why: `${error.code}: ${error.message}` }, now);
      order.askAt = now + firstAskMs;
      order.refusal = error.certainty === 'refused' && error.kind === 'insufficient-funds' ? error : null;
      if (error.certainty === 'unknown') this.#parts.log.warn({ order: order.row.clientOrderId }, error.message);
      return;
    }
    this.#refused(lane, run, order, error);
  }

  /** The venue has not got it, and will not get it. */
  #refused(lane: Lane, run: Run, order: LiveOrder, error: VenueError): void {
    const { ledger, clock, log } = this.#parts;
    const { role, reason, symbol, clientOrderId } = order.row;
    ledger.note(lane, order, { kind: 'refused', why: `${error.code}: ${error.message}` }, clock.now());
    log.warn({ symbol, role, order: clientOrderId, code: error.code }, error.message);
    if (role === 'entry') this.#around.denied(lane, denialOf(error), reason);
    else this.#failed(run, role, error.retryAfterMs);
    if (role !== 'protection' || error.kind !== 'invalid-order') return;
    run.refusedStops += 1;
    if (run.refusedStops < refusedStopsMax) return;
    run.refusedStops = 0;
    this.#parts.onTrouble({ kind: 'unprotected', symbol, message: `The venue refuses every stop: ${error.message}` });
    this.#sellAll(lane, 'stop', 'the venue takes no stop');
  }

  #succeeded(run: Run, { row }: LiveOrder): void {
    run.failures = 0;
    run.retryAt = 0;
    if (row.role === 'protection') run.refusedStops = 0;
  }

  /** Waits before the next try, longer each time. */
  #failed(run: Run, role: LiveOrder['row']['role'] | 'question', retryAfterMs: number | null): void {
    const { clock, random } = this.#parts;
    const isSale = role === 'exit';
    const first = isSale ? firstSaleRetryMs : firstRetryMs;
    const times = isSale ? run.saleFailures : run.failures;
    const wait = Math.min(longestRetryMs, first * 2 ** Math.min(times, 10)) * (0.5 + 0.5 * random.uniform());
    const at = clock.now() + Math.max(wait, retryAfterMs ?? 0);
    if (isSale) {
      run.saleFailures += 1;
      run.saleRetryAt = at;
    } else {
      run.failures += 1;
      run.retryAt = at;
    }
  }

  async #cancel(lane: Lane, run: Run, order: LiveOrder): Promise<void> {
    const { venue, clock, timings } = this.#parts;
    try {
      await answered(clock, timings.callTimeoutMs, 'cancel', () => venue.cancel(nameOf(order)));
      order.isCancelAsked = true;
      order.asks = 0;
      run.failures = 0;
    } catch (error) {
      if (!(error instanceof VenueError)) throw error;
      if (error.kind === 'no-such-order') order.isCancelAsked = true;
      else this.#failed(run, 'question', error.retryAfterMs);
    }
    // Whatever was answered: what became of it is what counts.
    if (lane.orders.has(order.row.id)) order.askAt = clock.now();
  }

  /**
   * What a venue says that cannot be of this order, more filled than was ordered or another order's name, is not taken up; the symbol is
   * frozen, and everything else goes on. @returns whether it could be
   */
  #noted(lane: Lane, order: LiveOrder, event: OrderEvent): boolean {
    const { ledger, clock } = this.#parts;
    try {
      ledger.note(lane, order, event, clock.now());
      return true;
    } catch (error) {
      if (!(error instanceof RatchetError) || error.code !== 'trading/transition') throw error;
      const { clientOrderId, role } = order.row;
      const message = `What the venue says of our ${role} order ${clientOrderId} cannot be: ${error.message}`;
      this.#parts.freeze({ symbol: lane.symbol, code: 'impossible-answer', subject: clientOrderId, message });
      return false;
    }
  }

  // ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #ask(lane: Lane, run: Run, order: LiveOrder): Promise<void> {
    const { venue, clock, timings } = this.#parts;
    order.asks += 1;
    order.askAt = Number.POSITIVE_INFINITY;
    try {
      const found = await answered(clock, timings.callTimeoutMs, 'find', () => venue.find(nameOf(order)));
      if (found === null) {
        this.#missing(lane, run, order);
        return;
      }
      order.missing = null;
      const { venueOrderId, state, filled } = found;
      const isPossible = this.#noted(lane, order, { kind: 'seen', venueOrderId, state, filled: filled.toFixed() });
      if (!isPossible) {
        // Its fills, which name it, may still tell what it did.
        await this.#fills.fetch([lane.symbol]);
        if (!order.row.isFinal) this.#askAgain(lane, order);
        return;
      }
      // A cancel that was overtaken, or was never done, is asked for again.
      if (order.isCancelAsked && state === 'open' && order.asks > 2) order.isCancelAsked = false;
      if (filled.gt(order.row.filled)) await this.#fills.fetch([lane.symbol]);
      this.#succeeded(run, order);
    } catch (error) {
      if (!(error instanceof VenueError)) throw error;
      this.#askLater(order, error.retryAfterMs ?? 0);
      return;
    }
    if (order.row.isFinal) this.#ended(lane, run, order);
    else if (isImmediate(order) || order.isCancelAsked || hasEnded(order.row)) this.#askAgain(lane, order);
  }

  #missing(lane: Lane, run: Run, order: LiveOrder): void {
    const { clock, timings } = this.#parts;
    const now = clock.now();
    if (order.row.venueOrderId !== null) {
      this.#askAgain(lane, order);
      return;
    }
    order.missing = { since: Math.min(order.missing?.since ?? now, now), times: (order.missing?.times ?? 0) + 1 };
    const hasSettled = now - order.missing.since >= timings.settleMs && order.missing.times >= 2;
    if (order.refusal !== null && order.missing.times >= 1) this.#refused(lane, run, order, order.refusal);
    else if (hasSettled) {
      this.#parts.ledger.note(lane, order, { kind: 'refused', why: NEVER_ARRIVED }, now);
      if (order.row.role === 'entry') this.#around.denied(lane, 'withdrawn', order.row.reason);
    } else this.#askLater(order, Math.min(timings.settleMs / 4, firstAskMs * 2 ** order.missing.times));
  }

  #askAgain(lane: Lane, order: LiveOrder): void {
    this.#askLater(order, 0);
    if (order.asks !== asksMax) return;
    const { clientOrderId, role, state, filled, saidFilled } = order.row;
    const isLost = !hasEnded(order.row);
    this.#parts.freeze({
      symbol: lane.symbol,
      code: isLost ? 'vanished-order' : 'missing-fills',
      subject: clientOrderId,
      message: isLost
        ? `The venue does not say what became of our ${role} order ${clientOrderId}, which it had taken.`
        : `Our ${role} order ${clientOrderId} is ${state} with ${saidFilled} filled, and the venue's fills make ${filled} of it.`,
    });
  }

  #askLater(order: LiveOrder, atLeastMs: number): void {
    const { clock, random } = this.#parts;
    const wait = Math.min(longestAskMs, firstAskMs * 2 ** Math.min(order.asks - 1, 10)) * (0.5 + 0.5 * random.uniform());
    order.askAt = clock.now() + Math.max(wait, atLeastMs);
  }

  /** What follows from an end that was not wished for. */
  #ended(lane: Lane, run: Run, { row, terms }: LiveOrder): void {
    const { clock } = this.#parts;
    if (row.role === 'exit') {
      // Nobody was there to buy: what is left is protected while the book fills again.
      // A book that gave something gives more soon: only what found nobody at all is tried less and less often.
      if (row.filled.gt(0)) run.saleFailures = 0;
      if (row.state !== 'filled') this.#failed(run, 'exit', null);
    }
    if (row.role !== 'entry' || row.filled.gt(0)) return;
    const isExpired = row.kind === 'limit' && terms.expiresAt !== null && clock.now() >= terms.expiresAt;
    this.#around.denied(lane, row.kind === 'limit-ioc' ? 'slippage-tolerance' : isExpired ? 'expired' : 'withdrawn', row.reason);
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

  #runOf(lane: Lane): Run {
    let run = this.#runs.get(lane);
    if (run === undefined) {
      run = {
        ...{ isRunning: false, isAgain: false, cancelTimer: null, retryAt: 0, saleRetryAt: 0 },
        ...{ failures: 0, saleFailures: 0, refusedStops: 0, outbox: [] },
      };
      this.#runs.set(lane, run);
    }
    return run;
  }
}

function nameOf({ row }: LiveOrder): OrderName {
  return { clientOrderId: row.clientOrderId, venueOrderId: row.venueOrderId, symbol: row.symbol, sentAt: row.createdAt };
}

/** Gone at once, or filling: nothing rests for long. */
function isImmediate({ row }: LiveOrder): boolean {
  return row.kind === 'market' || row.kind === 'limit-ioc' || (row.role === 'protection' && row.state === 'partial');
}

function denialOf({ kind }: VenueError): DenialCode {
  switch (kind) {
    case 'insufficient-funds':
      return 'no-free-cash';
    case 'maintenance':
      return 'market-inactive';
    case 'rate-limit':
      return 'order-rate';
    case 'clock':
      return 'clock-skew';
    default:
      return 'withdrawn';
  }
}
