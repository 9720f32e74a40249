import type Big from 'big.js';
import { RatchetError } from '#engine/errors.ts';
import type { DenialCode } from '#engine/risk/denial.ts';
import type { OrderRow } from '#engine/store/journal/journal-rows.ts';
import type { OrderName } from '#engine/venues/venue.ts';
import { VenueError, type VenueErrorKind } from '#engine/venues/venue-error.ts';
import { answered } from './call.ts';
import type { FillBook } from './fill-book.ts';
import type { Lane, LiveOrder } from './lane.ts';
import type { LaneRun } from './lane-run.ts';
import { hasEnded, NEVER_ARRIVED, type OrderEvent } from './order-state.ts';
import { pairOf } from './position.ts';
import type { TraderParts } from './trader-parts.ts';

export interface FateSurroundings {
  /** An entry came to nothing. */
  denied(lane: Lane, code: DenialCode, reason: string): void;
  /** The venue has not taken the order of a decision. */
  refused(lane: Lane, row: OrderRow, code: DenialCode, words: string): void;
  /** The venue says that what is to be sold is not there: somebody has taken it away, and balances will tell how much. */
  lacking(): void;
  /** How much of what an order was to sell has left the account unseen; null while that cannot be told. @throws VenueError */
  goneFor(order: LiveOrder): Promise<Big | null>;
  /** Looks what there is of the asset of an order of doubtful fate, unless that was done. @throws VenueError */
  weigh(order: LiveOrder): Promise<void>;
  /** The venue will not protect what the lane holds: it is sold. */
  stopsRefused(lane: Lane): void;
}

const firstAskMs = 250;
const longestAskMs = 10_000;
/** A venue that refuses so many stops in a row will not protect this position. */
const refusedStopsMax = 3;
/** An order whose fills do not come, or that the venue no longer knows, is a person's business after so many questions. */
const asksMax = 12;

/** What became of orders: what the venue answered to each, and what it says when it is asked. */
export class OrderFate {
  readonly #parts: TraderParts;
  readonly #around: FateSurroundings;
  readonly #fills: FillBook;

  constructor(parts: TraderParts, around: FateSurroundings, fills: FillBook) {
    this.#parts = parts;
    this.#around = around;
    this.#fills = fills;
  }

  // ── what was answered ────────────────────────────────────────────────────────────────────────────────────────────────

  taken(lane: Lane, run: LaneRun, order: LiveOrder, venueOrderId: string): void {
    this.#noted(lane, order, { kind: 'taken', venueOrderId });
    order.askAt = isImmediate(order) ? this.#parts.clock.now() : Number.POSITIVE_INFINITY;
    run.succeeded(order.row.role);
  }

  notTaken(lane: Lane, run: LaneRun, order: LiveOrder, error: VenueError): void {
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
  #refused(lane: Lane, run: LaneRun, order: LiveOrder, error: VenueError): void {
    const { ledger, clock, log, random } = this.#parts;
    const { role, cause, attempt, reason, symbol, clientOrderId } = order.row;
    ledger.note(lane, order, { kind: 'refused', why: `${error.code}: ${error.message}` }, clock.now());
    log.warn({ symbol, role, order: clientOrderId, code: error.code }, error.message);
    const code = refusalOf(error.kind);
    // A sale is tried again and again: what the first try met is enough.
    const isDecided = cause === 'entry' || cause === 'decision';
    if (isDecided && attempt === 0) this.#around.refused(lane, order.row, code, error.message);
    if (role === 'entry') this.#around.denied(lane, code, reason);
    else run.failed(role, error.retryAfterMs, clock.now(), random);
    if (role !== 'entry' && error.kind === 'insufficient-funds') this.#around.lacking();
    if (role !== 'protection' || error.kind !== 'invalid-order') return;
    run.refusedStops += 1;
    if (run.refusedStops < refusedStopsMax) return;
    run.refusedStops = 0;
    this.#parts.onTrouble({ kind: 'unprotected', symbol, message: `The venue refuses every stop: ${error.message}` });
    this.#around.stopsRefused(lane);
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

  // ── what is asked ────────────────────────────────────────────────────────────────────────────────────────────────────

  async ask(lane: Lane, run: LaneRun, order: LiveOrder): Promise<void> {
    const { venue, clock, timings } = this.#parts;
    order.asks += 1;
    order.askAt = Number.POSITIVE_INFINITY;
    try {
      const found = await answered(clock, timings.callTimeoutMs, 'find', () => venue.find(nameOf(order)));
      // A person has given it up meanwhile; should it be open, the next look at all open orders finds it.
      if (order.row.isFinal) return;
      if (found === null) {
        await this.#missing(lane, run, order);
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
      run.succeeded(order.row.role);
    } catch (error) {
      if (!(error instanceof VenueError)) throw error;
      this.#askLater(order, error.retryAfterMs ?? 0);
      return;
    }
    if (order.row.isFinal) this.#ended(lane, run, order);
    else if (isImmediate(order) || order.isCancelAsked || hasEnded(order.row)) this.#askAgain(lane, order);
  }

  async #missing(lane: Lane, run: LaneRun, order: LiveOrder): Promise<void> {
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
      if (order.row.side === 'sell' && (await this.#mayHaveSold(lane, order))) return;
      this.#parts.ledger.note(lane, order, { kind: 'refused', why: NEVER_ARRIVED }, now);
      if (order.row.role === 'entry') this.#around.denied(lane, 'withdrawn', order.row.reason);
    } else this.#askLater(order, Math.min(timings.settleMs / 4, firstAskMs * 2 ** order.missing.times));
  }

  /**
   * Lists are late, and sometimes later than one waits for them: what a sale did is in the balances first. Where what it was to sell is
   * gone, another one in its place would sell what was there before us. @throws VenueError
   */
  async #mayHaveSold(lane: Lane, order: LiveOrder): Promise<boolean> {
    // A person was told, and says when it is over; it is asked for until then.
    if (this.#parts.freezes.doubts(order.row)) {
      await this.#around.weigh(order);
      this.#askLater(order, this.#parts.timings.lookAgainMs);
      return true;
    }
    const gone = await this.#around.goneFor(order);
    const { isFinal, venueOrderId, clientOrderId, role } = order.row;
    // Whatever was heard of it meanwhile is taken up at the next question.
    const isSettled = !isFinal && venueOrderId === null && gone !== null;
    if (isSettled && gone.lte(0)) return false;
    if (isFinal) return true;
    this.#askLater(order, this.#parts.timings.lookAgainMs);
    order.lacks = isSettled ? order.lacks + 1 : 0;
    if (gone === null || order.lacks < 2) return true;
    const asset = pairOf(lane.symbol).base;
    this.#parts.freeze({
      symbol: lane.symbol,
      code: 'vanished-order',
      subject: clientOrderId,
      message: `The venue says that it has no ${role} order ${clientOrderId} of ours, and ${gone} ${asset} are gone from the account: it may have sold them. Only what is still there is sold or protected.`,
    });
    return true;
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
  #ended(lane: Lane, run: LaneRun, { row, terms }: LiveOrder): void {
    const { clock, random } = this.#parts;
    if (row.role === 'exit') {
      // Nobody was there to buy: what is left is protected while the book fills again.
      if (row.filled.gt(0)) run.soldSome();
      if (row.state !== 'filled') run.failed('exit', null, clock.now(), random);
    }
    if (row.role !== 'entry' || row.filled.gt(0)) return;
    const isExpired = row.kind === 'limit' && terms.expiresAt !== null && clock.now() >= terms.expiresAt;
    this.#around.denied(lane, row.kind === 'limit-ioc' ? 'slippage-tolerance' : isExpired ? 'expired' : 'withdrawn', row.reason);
  }
}

/** By what the venue is asked for an order. */
export function nameOf({ row }: LiveOrder): OrderName {
  return { clientOrderId: row.clientOrderId, venueOrderId: row.venueOrderId, symbol: row.symbol, sentAt: row.createdAt };
}

/** Gone at once, or filling: nothing rests for long. */
function isImmediate({ row }: LiveOrder): boolean {
  return row.kind === 'market' || row.kind === 'limit-ioc' || (row.role === 'protection' && row.state === 'partial');
}

/** The venue's money is not ours to count: what it says of that is told apart. */
export function refusalOf(kind: VenueErrorKind): DenialCode {
  return kind === 'insufficient-funds' ? 'venue-balance' : 'venue-refused';
}
