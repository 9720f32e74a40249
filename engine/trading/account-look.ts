import type Big from 'big.js';
import { sleep } from '#engine/clock.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Balance, VenueFill, VenueOrder } from '#engine/venues/venue.ts';
import { VenueError } from '#engine/venues/venue-error.ts';
import { answered } from './call.ts';
import { isOurs } from './client-order-id.ts';
import { compareBalances, type Drift } from './compare-balances.ts';
import { decimalOf, least, most, ZERO } from './decimals.ts';
import type { FillBook } from './fill-book.ts';
import type { Lane, LiveOrder } from './lane.ts';
import { isResting } from './next-action.ts';
import { nameOf } from './order-fate.ts';
import { hasEnded, isPossible, isPresumedDead } from './order-state.ts';
import { pairOf } from './position.ts';
import type { TraderParts } from './trader-parts.ts';

/** What a look at the account found, as far as it could be judged. */
export interface AccountReport {
  /** By our clock, when it began. */
  readonly askedAt: number;
  /** Something did not agree, or was still moving: it is to be looked at again soon. */
  readonly isDoubtful: boolean;
  /** Orders of ours that are open at the venue. */
  readonly ownOpen: number;
}

export interface LookSurroundings {
  /** Everything that is traded here, or ever was. */
  symbols(): readonly string[];
  /** The lane has orders to ask for. */
  askSoon(lane: Lane): void;
  /** The venue's clock less ours. */
  offsetMs(): number;
}

/** So often a person's word waits for the account to come to rest. */
const looksMax = 20;

/** Holds what the venue says of open orders, fills and balances against the journal. Nothing is made up so that numbers meet. */
export class AccountLook {
  readonly #parts: TraderParts;
  readonly #around: LookSurroundings;
  readonly #fills: FillBook;
  /** Balances that did not agree at the last look, as text. */
  #suspected = '';
  /** By asset, what the account had beyond what our fills made of it when it was looked at last. */
  #beyond: ReadonlyMap<string, Big> | null = null;
  /** By asset, what of that is explained. */
  #explained: ReadonlyMap<string, Big> = new Map();
  /** Orders of doubtful fate whose effect, if any, the balances looked at last have in them. */
  #weighed: ReadonlySet<string> = new Set();

  constructor(parts: TraderParts, around: LookSurroundings, fills: FillBook) {
    this.#parts = parts;
    this.#around = around;
    this.#fills = fills;
  }

  /** What the account really has of an asset, as far as is known; null before the first look. */
  actual(asset: string): Big | null {
    return this.#beyond === null ? null : (this.#beyond.get(asset) ?? ZERO).plus(this.#parts.ledger.flow(asset));
  }

  /**
   * Of what the lane holds, the most that is really there. What is missing in the account is missing of what our fills brought, before
   * anything that was there before us or came otherwise: that is nobody's here to sell. Null where nothing says less than held.
   */
  there(lane: Lane): Big | null {
    const { base } = pairOf(lane.symbol);
    const beyond = this.#beyond?.get(base) ?? ZERO;
    const missing = (this.#explained.get(base) ?? ZERO).minus(beyond);
    if (this.#beyond === null || missing.lte(0)) return null;
    const lanes = this.#lanesOf(base);
    let left = most(lanes.reduce((sum, { position }) => sum.plus(position.quantity), ZERO).minus(missing), ZERO);
    for (const other of lanes) {
      const part = least(most(other.position.quantity, ZERO), left);
      if (other === lane) return part.gte(lane.position.quantity) ? null : part;
      left = left.minus(part);
    }
    return ZERO;
  }

  /** Whether the balances were looked at since it was found that nobody knows what became of the order. */
  hasWeighed(clientOrderId: string): boolean {
    return this.#weighed.has(clientOrderId);
  }

  /** More is traded from now on: what the account has of it, by the last look, was there before us. */
  widen(): void {
    if (this.#beyond !== null) this.#addMissingBaselines(this.#beyond, this.#parts.clock.now());
  }

  /** Open orders and fills. @throws VenueError */
  async sweep(): Promise<{
    readonly askedAt: number;
    readonly isComplete: boolean;
    readonly ownOpen: number;
    readonly open: readonly VenueOrder[];
  }> {
    const { venue, clock, timings } = this.#parts;
    const askedAt = clock.now();
    const symbols = this.#around.symbols();
    const open = await answered(clock, timings.callTimeoutMs, 'openOrders', () => venue.openOrders(symbols));
    const strangers = await this.#fills.fetch(symbols);
    for (const order of open) this.#meetOpen(order);
    this.#missFrom(open, askedAt);
    const isComplete = await this.#explain(strangers);
    return { askedAt, isComplete, ownOpen: open.filter(({ clientOrderId }) => isOurs(clientOrderId)).length, open };
  }

  /** Everything. @throws VenueError */
  async reconcile(): Promise<AccountReport> {
    const { ledger, clock } = this.#parts;
    const fillsBefore = ledger.fillsEver;
    const balances = await this.#balances();
    const { askedAt, isComplete, ownOpen } = await this.sweep();
    // Only here, where the clocks were just compared: one that had jumped ahead since would leave fills out for good.
    if (isComplete) this.#fills.advance(askedAt + this.#around.offsetMs());
    const isMoving = ledger.fillsEver !== fillsBefore || !isComplete || this.#isUnsettled();
    if (ledger.journal.cursor() === null) this.#begin(balances, askedAt);
    if (isMoving) return { askedAt, isDoubtful: true, ownOpen };
    const isDoubtful = this.#judge(balances, askedAt);
    ledger.commit(() => {
      ledger.journal.saveCursor({ fillsSince: this.#fills.since, reconciledAt: clock.now() });
      this.#parts.risk.write();
    });
    return { askedAt, isDoubtful, ownOpen };
  }

  /**
   * A person accepts what was found about a symbol: orders that nobody can tell of have ended, what our fills brought and the account no
   * longer has is held no more, and from then on the balances as they are count as explained. @throws VenueError
   */
  async accept(symbol: string, reason: string): Promise<void> {
    const { ledger, freezes, clock, risk } = this.#parts;
    const balances = await this.#balancesAtRest(symbol);
    const assets = Object.values(pairOf(symbol));
    const now = clock.now();
    const drifts = () => this.#drifts(balances).filter(({ asset }) => assets.includes(asset));
    ledger.commit(() => {
      for (const { lane, order } of this.#doubtfulOf(symbol)) ledger.note(lane, order, { kind: 'written-off', why: reason }, now);
      for (const { asset, difference } of drifts()) this.#writeOff(asset, difference.times(-1), symbol, reason);
      for (const { asset, difference } of drifts()) ledger.journal.addBaseline(asset, difference, now, reason);
      freezes.accept(symbol, now, reason);
      risk.write();
    });
    this.#note(balances);
  }

  /** From lanes of the symbol first, and of those from the one that holds most nearly what is missing. */
  #writeOff(asset: string, missing: Big, symbol: string, reason: string): void {
    const { ledger, prices, clock, log } = this.#parts;
    const rank = ({ position, symbol: own }: Lane) =>
      position.quantity
        .minus(missing)
        .abs()
        .plus(own === symbol ? 0 : missing.times(2));
    const lanes = this.#lanesOf(asset).sort((one, other) => rank(one).cmp(rank(other)));
    let left = missing;
    for (const lane of lanes) {
      const quantity = least(left, lane.position.quantity);
      if (quantity.lte(0)) continue;
      const price = prices.newest(lane.symbol)?.price ?? null;
      ledger.writeOff(lane, { quantity, price: price === null ? null : decimalOf(price), at: clock.now(), reason });
      log.warn(
        { strategy: lane.strategy, symbol: lane.symbol, quantity: quantity.toFixed(), price },
        'Written off: it is not there.',
      );
      left = left.minus(quantity);
    }
  }

  /**
   * Once nothing is on its way that would change them, and orders of the symbol that nobody can tell of were taken back and are not open.
   * @throws RatchetError `trading/unsettled` when that does not come about
   */
  async #balancesAtRest(symbol: string): Promise<Map<string, Balance>> {
    const { ledger, clock, timings } = this.#parts;
    for (let look = 0; look < looksMax; look += 1) {
      for (const { order } of this.#doubtfulOf(symbol)) await this.#takeBack(order);
      const fillsBefore = ledger.fillsEver;
      const balances = await this.#balances();
      const { open } = await this.sweep();
      const names = new Set(open.flatMap(({ clientOrderId, venueOrderId }) => [clientOrderId, venueOrderId]));
      const isGone = this.#doubtfulOf(symbol).every(
        ({ order }) => isTakenBack(order) && !names.has(order.row.clientOrderId) && !names.has(order.row.venueOrderId),
      );
      if (ledger.fillsEver === fillsBefore && isGone && !this.#isUnsettled()) return balances;
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

  #lanesOf(base: string): Lane[] {
    return [...this.#parts.ledger.lanes].filter(({ symbol }) => pairOf(symbol).base === base);
  }

  #balances(): Promise<Map<string, Balance>> {
    const { venue, clock, timings } = this.#parts;
    return answered(clock, timings.callTimeoutMs, 'balances', () => venue.balances());
  }

  // ── orders ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  #meetOpen(order: VenueOrder): void {
    const { ledger, clock, freeze } = this.#parts;
    for (const { lane, order: live } of ledger.live()) {
      const { clientOrderId, venueOrderId, state } = live.row;
      if (clientOrderId !== order.clientOrderId && venueOrderId !== order.venueOrderId) continue;
      if (!isResting(state) || order.filled.gt(live.row.filled)) this.#around.askSoon(lane);
      return;
    }
    const row = order.clientOrderId === null ? null : ledger.journal.orderByClientId(order.clientOrderId);
    if (row === null) {
      const { symbol, side, quantity, venueOrderId, clientOrderId } = order;
      const whose = isOurs(clientOrderId) ? `has our kind of id, ${clientOrderId}, and` : 'was not made here:';
      const message = `The order ${venueOrderId} to ${side} ${quantity} ${whose} the journal does not know it.`;
      freeze({ symbol, code: 'foreign-order', subject: venueOrderId, message });
      return;
    }
    // An order that ended while the list was made is no news.
    if (isPresumedDead(row)) this.#revive(order, clock.now());
  }

  /** An order of ours that was given up is there after all. What bears its name and cannot be it is a stranger's. */
  #revive(order: VenueOrder, now: number): boolean {
    const { ledger, log, freeze } = this.#parts;
    const row = order.clientOrderId === null ? null : ledger.journal.orderByClientId(order.clientOrderId);
    if (row === null) return false;
    const { venueOrderId, state, filled, symbol, side } = order;
    const event = { kind: 'seen', venueOrderId, state, filled: filled.toFixed() } as const;
    if (symbol !== row.symbol || side !== row.side || !isPossible(row, event)) {
      const said = `to ${side} ${symbol}, ${state} with ${filled} filled`;
      const message = `The order ${venueOrderId} (${said}) has the id of ours, ${row.clientOrderId}, and cannot be it.`;
      freeze({ symbol: row.symbol, code: 'foreign-order', subject: venueOrderId, message });
      return false;
    }
    ledger.revive(row, event, now);
    log.warn({ symbol: row.symbol, order: row.clientOrderId }, 'An order that was given up is at the venue.');
    const lane = ledger.lane(row.strategy, row.symbol);
    if (row.role === 'entry' && lane.memory.wish === null) {
      ledger.remember(lane, { wish: { kind: 'withdraw', instant: lane.memory.decided } });
      ledger.commit();
    }
    this.#around.askSoon(lane);
    return true;
  }

  /** What rests by the journal and is not in the list has ended, or was made after it was asked for. */
  #missFrom(open: readonly VenueOrder[], askedAt: number): void {
    const names = new Set(open.map(({ venueOrderId }) => venueOrderId));
    for (const { lane, order } of this.#parts.ledger.live()) {
      const { state, venueOrderId, createdAt } = order.row;
      if (isResting(state) && venueOrderId !== null && !names.has(venueOrderId) && createdAt < askedAt)
        this.#around.askSoon(lane);
    }
  }

  // ── fills ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Fills of orders that are not known by the venue's name. @returns whether nothing is left open about them */
  async #explain(strangers: readonly VenueFill[]): Promise<boolean> {
    const { venue, clock, timings, freezes, freeze } = this.#parts;
    let isComplete = true;
    let isRevived = false;
    for (const { id, symbol, side, quantity, price, venueOrderId, time } of strangers) {
      if (freezes.isKnown({ symbol, code: 'foreign-fill', subject: id })) continue;
      if (this.#hasNameless(symbol)) {
        isComplete = false;
        continue;
      }
      const name = { clientOrderId: '', venueOrderId, symbol, sentAt: time };
      const order = await answered(clock, timings.callTimeoutMs, 'find', () => venue.find(name));
      if (order !== null && this.#revive(order, clock.now())) {
        isRevived = true;
        continue;
      }
      const message = `The fill ${id} (${side} ${quantity} at ${price}) is of an order, ${venueOrderId}, that was not made here.`;
      freeze({ symbol, code: 'foreign-fill', subject: id, message });
    }
    if (isRevived) await this.#fills.fetch(this.#around.symbols());
    return isComplete;
  }

  /** An order of ours whose name at the venue is not known yet: a fill may be its. */
  #hasNameless(symbol: string): boolean {
    for (const { order } of this.#parts.ledger.live()) {
      if (order.row.symbol === symbol && order.row.venueOrderId === null) return true;
    }
    return false;
  }

  // ── balances ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The first look ever: what is there now was there before us. */
  #begin(balances: ReadonlyMap<string, Balance>, askedAt: number): void {
    const { ledger, timings } = this.#parts;
    const { journal } = ledger;
    // Fills of before are nobody's business here, so the overlap begins now.
    this.#fills.advance(askedAt + this.#around.offsetMs() - 500 + timings.overlapMs);
    ledger.commit(() => {
      for (const [asset, { total }] of balances)
        journal.addBaseline(asset, total.minus(ledger.flow(asset)), askedAt, 'first look');
      journal.saveCursor({ fillsSince: this.#fills.since, reconciledAt: null });
    });
  }

  /** @returns whether something does not agree that has not been seen twice yet */
  #judge(balances: ReadonlyMap<string, Balance>, askedAt: number): boolean {
    this.#addMissingBaselines(this.#beyond ?? this.#beyondOf(balances), askedAt);
    this.#note(balances);
    const drifts = this.#drifts(balances);
    const suspected = drifts.map(({ asset, difference }) => `${asset} ${difference}`).join(', ');
    const isSeenTwice = suspected === this.#suspected;
    this.#suspected = suspected;
    if (!isSeenTwice) return drifts.length > 0;
    for (const drift of drifts) this.#freezeFor(drift);
    return false;
  }

  #beyondOf(balances: ReadonlyMap<string, Balance>): Map<string, Big> {
    const { ledger } = this.#parts;
    const assets = new Set([...balances.keys(), ...ledger.movedAssets]);
    return new Map([...assets].map((asset) => [asset, (balances.get(asset)?.total ?? ZERO).minus(ledger.flow(asset))]));
  }

  #note(balances: ReadonlyMap<string, Balance>): void {
    const { ledger, freezes } = this.#parts;
    this.#beyond = this.#beyondOf(balances);
    this.#explained = ledger.journal.baselines();
    const doubtful = [...ledger.live()].filter(({ order }) => freezes.doubts(order.row));
    this.#weighed = new Set(doubtful.map(({ order }) => order.row.clientOrderId));
  }

  #freezeFor({ asset, expected, actual, difference }: Drift): void {
    const message = `The account has ${actual} ${asset}; by the journal it should have ${expected} (${difference.gt(0) ? '+' : ''}${difference}).`;
    for (const symbol of this.#around.symbols()) {
      const { base, quote } = pairOf(symbol);
      if (base === asset || quote === asset) this.#parts.freeze({ symbol, code: 'balance', subject: asset, message });
    }
  }

  /**
   * What is traded, and what fees are paid in, is watched from when it is first seen to be. What the account had of it then is what it had
   * at the look before: at this one some of what we bought meanwhile may be gone again.
   */
  #addMissingBaselines(beyond: ReadonlyMap<string, Big>, at: number): void {
    const { ledger } = this.#parts;
    const known = ledger.journal.baselines();
    const missing = [...this.#watched()].filter((asset) => !known.has(asset));
    if (missing.length === 0) return;
    ledger.commit(() => {
      for (const asset of missing) ledger.journal.addBaseline(asset, beyond.get(asset) ?? ZERO, at, 'first look at this asset');
    });
  }

  #watched(): Set<string> {
    const traded = this.#around.symbols().flatMap((symbol) => Object.values(pairOf(symbol)));
    return new Set([...this.#parts.ledger.movedAssets, ...traded]);
  }

  #drifts(balances: ReadonlyMap<string, Balance>): Drift[] {
    const { ledger } = this.#parts;
    const watched = this.#watched();
    return compareBalances({
      actual: new Map([...balances].map(([asset, { total }]) => [asset, total])),
      baseline: new Map([...ledger.journal.baselines()].filter(([asset]) => watched.has(asset))),
      flow: (asset) => ledger.flow(asset),
      tolerance: (asset) => this.#tolerance(asset),
    });
  }

  /** A step of the base asset, a tick of the quote asset: what the venue may round. */
  #tolerance(asset: string): Big {
    let tolerance = ZERO;
    for (const { base, quote, stepSize, tickSize } of this.#parts.markets.values()) {
      if (base === asset) tolerance = most(tolerance, stepSize);
      if (quote === asset) tolerance = most(tolerance, tickSize);
    }
    return tolerance;
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

function isAtRest({ row, isCancelAsked }: LiveOrder): boolean {
  if (isCancelAsked) return false;
  return row.kind === 'limit' ? isResting(row.state) : row.kind === 'stop' && row.state === 'open';
}
