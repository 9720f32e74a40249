import { sleep } from '#engine/clock.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Balance, VenueOrder } from '#engine/venues/venue.ts';
import { VenueError } from '#engine/venues/venue-error.ts';
import type { AccountBalances } from './account-balances.ts';
import type { AccountSweep } from './account-sweep.ts';
import { answered } from './call.ts';
import type { FillBook } from './fill-book.ts';
import type { Lane, LiveOrder } from './lane.ts';
import { isAtRest } from './next-action.ts';
import { nameOf } from './order-fate.ts';
import { hasEnded } from './order-state.ts';
import type { TraderParts } from './trader-parts.ts';

/** What a look at the account found, as far as it could be judged. */
export interface AccountReport {
  /** By our clock, when it began. */
  readonly askedAt: number;
  /** Something did not agree, or was still moving: it is to be looked at again soon. */
  readonly isDoubtful: boolean;
  /** Something of ours was on its way, so the balances could not be judged. */
  readonly isMoving: boolean;
  /** Orders of ours that are open at the venue. */
  readonly ownOpen: number;
}

/** What is looked at. */
export interface LookSurroundings {
  readonly sweep: AccountSweep;
  readonly balances: AccountBalances;
  readonly fills: FillBook;
  /** The venue's clock less ours. */
  offsetMs(): number;
}

/** So often a person's word waits for the account to come to rest. */
const looksMax = 20;

/** A look at everything: orders, fills and balances. Balances are judged only while nothing is on its way that would change them. */
export class AccountLook {
  readonly #parts: TraderParts;
  readonly #around: LookSurroundings;

  constructor(parts: TraderParts, around: LookSurroundings) {
    this.#parts = parts;
    this.#around = around;
  }

  /** Compares everything with the journal. @throws VenueError */
  async reconcile(): Promise<AccountReport> {
    const { ledger, clock, risk } = this.#parts;
    const { sweep, balances, fills } = this.#around;
    const fillsBefore = ledger.fillsEver;
    const found = await balances.fetch();
    const { askedAt, isComplete, ownOpen, open } = await sweep.run();
    // Only here, where the clocks were just compared: one that had jumped ahead since would leave fills out for good.
    if (isComplete) fills.advance(this.#completeUntil(open, askedAt) + this.#around.offsetMs());
    const isMoving = ledger.fillsEver !== fillsBefore || !isComplete || this.#isUnsettled();
    if (ledger.journal.cursor() === null) this.#begin(found, askedAt);
    if (isMoving) return { askedAt, isDoubtful: true, isMoving, ownOpen };
    const isDoubtful = balances.judge(found, askedAt);
    ledger.commit(() => {
      ledger.journal.saveCursor({ fillsSince: fills.since, reconciledAt: clock.now() });
      risk.write();
    });
    return { askedAt, isDoubtful, isMoving, ownOpen };
  }

  /**
   * A person accepts what was found about a symbol: orders that nobody can tell of have ended, what our fills brought and the account no
   * longer has is held no more, and from then on the balances as they are count as explained. @throws VenueError
   */
  async accept(symbol: string, reason: string): Promise<void> {
    const { ledger, freezes, clock, risk } = this.#parts;
    const { balances } = this.#around;
    const found = await this.#balancesAtRest(symbol);
    const now = clock.now();
    ledger.commit(() => {
      for (const { lane, order } of this.#doubtfulOf(symbol)) ledger.note(lane, order, { kind: 'written-off', why: reason }, now);
      balances.accept(found, symbol, now, reason);
      freezes.accept(symbol, now, reason);
      risk.write();
    });
    balances.note(found);
  }

  /**
   * Up to when no fill of ours is missing, by our clock. Of an order that rests and has no more filled than is recorded all fills are here;
   * of any other that has not come to its end they may still be on their way, however late the venue's list of them is.
   */
  #completeUntil(open: readonly VenueOrder[], askedAt: number): number {
    const resting = new Map(open.map((order) => [order.venueOrderId, order]));
    let until = askedAt;
    for (const { order } of this.#parts.ledger.live()) {
      const { venueOrderId, filled, createdAt } = order.row;
      const listed = venueOrderId === null ? undefined : resting.get(venueOrderId);
      if (listed === undefined || listed.filled.gt(filled)) until = Math.min(until, createdAt);
    }
    return until;
  }

  /** Nothing was ever noted of the account: what there is now is not of our making. */
  #begin(found: ReadonlyMap<string, Balance>, askedAt: number): void {
    const { ledger, timings } = this.#parts;
    const { fills, balances } = this.#around;
    // Fills of before are nobody's business here, so the overlap begins now.
    fills.advance(askedAt + this.#around.offsetMs() - 500 + timings.overlapMs);
    ledger.commit(() => {
      balances.begin(found, askedAt);
      ledger.journal.saveCursor({ fillsSince: fills.since, reconciledAt: null });
    });
  }

  /**
   * Once nothing is on its way that would change them, and orders of the symbol that nobody can tell of were taken back and are not open.
   * @throws RatchetError `trading/unsettled` when that does not come about
   */
  async #balancesAtRest(symbol: string): Promise<Map<string, Balance>> {
    const { ledger, clock, timings } = this.#parts;
    const { sweep, balances } = this.#around;
    for (let look = 0; look < looksMax; look += 1) {
      for (const { order } of this.#doubtfulOf(symbol)) await this.#takeBack(order);
      const fillsBefore = ledger.fillsEver;
      const found = await balances.fetch();
      const { open } = await sweep.run();
      const names = new Set(open.flatMap(({ clientOrderId, venueOrderId }) => [clientOrderId, venueOrderId]));
      const isGone = this.#doubtfulOf(symbol).every(
        ({ order }) => isTakenBack(order) && !names.has(order.row.clientOrderId) && !names.has(order.row.venueOrderId),
      );
      if (ledger.fillsEver === fillsBefore && isGone && !this.#isUnsettled()) return found;
      await sleep(clock, timings.lookAgainMs);
    }
    const message = 'Orders are on their way all the time, so what the account holds cannot be compared.';
    throw new RatchetError('trading/unsettled', message, 'Pause trading, and try again.');
  }

  /** It may be there all the same, and would sell or buy a second time beside what takes its place. @throws VenueError */
  async #takeBack(order: LiveOrder): Promise<void> {
    if (isTakenBack(order)) return;
    const { venue, clock, timings } = this.#parts;
    try {
      await answered(clock, timings.callTimeoutMs, 'cancel', () => venue.cancel(nameOf(order)));
    } catch (error) {
      if (!(error instanceof VenueError) || error.kind !== 'no-such-order') throw error;
    }
    order.isCancelAsked = true;
  }

  /** Orders of the symbol of which a person has been told that nobody knows what became of them. */
  #doubtfulOf(symbol: string): { readonly lane: Lane; readonly order: LiveOrder }[] {
    const { ledger, freezes } = this.#parts;
    return [...ledger.live()].filter(({ order }) => order.row.symbol === symbol && freezes.doubts(order.row));
  }

  /** Something is on its way that changes balances. What nobody can tell of is not waited for: whatever it did, they have it in them. */
  #isUnsettled(): boolean {
    const { ledger, freezes } = this.#parts;
    for (const { order } of ledger.live()) if (!isAtRest(order) && !freezes.doubts(order.row)) return true;
    return false;
  }
}

/** Nothing of it is left at the venue, as far as one can do anything about it. */
function isTakenBack({ row, isCancelAsked }: LiveOrder): boolean {
  return isCancelAsked || hasEnded(row);
}
