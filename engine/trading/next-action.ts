import Big from 'big.js';
import type { VenueMarket } from '#engine/venues/venue.ts';
import { floorTo, least, most, ZERO } from './decimals.ts';
import type { LiveOrder, StopLevel, Wish } from './lane.ts';
import { hasEnded } from './order-state.ts';
import type { Position } from './position.ts';

/** Of the last price, where a stop is put between two tries of a sale when its own level is passed. */
const lastResort = 0.98;

/** How far entries may go: `stands` leaves the orders that rest and makes no new ones. */
export type EntryLeave = 'allowed' | 'stands' | 'withdrawn';

/** What a lane's next step follows from. */
export interface LaneFacts {
  readonly market: Pick<VenueMarket, 'tickSize' | 'stepSize' | 'minQuantity' | 'minNotional' | 'maxQuantity'>;
  readonly position: Pick<Position, 'quantity' | 'isOpen'>;
  readonly stop: StopLevel | null;
  /** The last price known, quote asset; null before the first. */
  readonly price: number | null;
  readonly wish: Wish | null;
  readonly orders: readonly Pick<LiveOrder, 'row' | 'terms' | 'askAt' | 'isCancelAsked'>[];
  /** Of these, what may still be there but is not waited for: a person was told of it. */
  readonly givenUp: ReadonlySet<number>;
  readonly entries: EntryLeave;
  /** The most that may be sold or protected: what is really there of a symbol that is frozen. Null where nothing says less than held. */
  readonly there: Big | null;
  /** Whether the money for the wish is free; `coming` while sales that may bring it are under way. */
  readonly cash: 'free' | 'coming' | 'missing';
  /** After a failure nothing is sent before this, UTC milliseconds. */
  readonly retryAt: number;
  /** After a sale that was refused none is tried before this, and what is held is protected meanwhile. */
  readonly saleRetryAt: number;
}

export type LaneAction =
  | { readonly kind: 'none' }
  | { readonly kind: 'wait'; readonly until: number }
  | { readonly kind: 'ask'; readonly order: number }
  | { readonly kind: 'cancel'; readonly order: number }
  | { readonly kind: 'sell'; readonly quantity: Big; readonly wish: Extract<Wish, { kind: 'sell' }> }
  | { readonly kind: 'protect'; readonly quantity: Big; readonly stop: StopLevel }
  | { readonly kind: 'enter'; readonly wish: Extract<Wish, { kind: 'enter' }> }
  /** The stop was passed without an order at the venue: what is held goes at the market. */
  | { readonly kind: 'give-up'; readonly cause: StopLevel['cause'] }
  | { readonly kind: 'drop-wish'; readonly why: 'done' | 'withdrawn' | 'expired' | 'no-free-cash' }
  | { readonly kind: 'note-dust' };

/**
 * The single next thing to do for a lane. Asking comes first, then taking back entries that are not wanted any more, then sales, then
 * protection, then entries. Nothing is sold or protected while an order over the same holding is not known to have ended, so that one
 * holding is never sold twice.
 */
export function nextAction(facts: LaneFacts, now: number): LaneAction {
  const due = facts.orders.find(({ askAt }) => askAt <= now);
  if (due !== undefined) return { kind: 'ask', order: due.row.id };
  const isHeldUp = now < facts.retryAt;
  const unwanted = facts.orders.find((order) => isUnwanted(order, facts, now));
  if (unwanted !== undefined && !isHeldUp) return { kind: 'cancel', order: unwanted.row.id };
  const isSelling = facts.wish?.kind === 'sell' && now >= facts.saleRetryAt;
  const step =
    isSelling && facts.wish?.kind === 'sell' ? saleStep(facts, facts.wish) : (protectionStep(facts) ?? entryStep(facts, now));
  const isSending =
    step !== null && (step.kind === 'cancel' || step.kind === 'sell' || step.kind === 'protect' || step.kind === 'enter');
  if (step === null || (isSending && isHeldUp)) return waiting(facts, now);
  return step;
}

/** The smallest thing that would change what is to be done by itself. */
function waiting({ orders, wish, retryAt, saleRetryAt }: LaneFacts, now: number): LaneAction {
  let until = retryAt > now ? retryAt : Number.POSITIVE_INFINITY;
  if (wish?.kind === 'sell' && saleRetryAt > now) until = Math.min(until, saleRetryAt);
  for (const { askAt, row, terms } of orders) {
    until = Math.min(until, askAt);
    if (row.role === 'entry' && terms.expiresAt !== null && terms.expiresAt > now) until = Math.min(until, terms.expiresAt);
  }
  if (wish?.kind === 'enter') until = Math.min(until, wish.until);
  return Number.isFinite(until) ? { kind: 'wait', until } : { kind: 'none' };
}

function isUnwanted({ row, terms, isCancelAsked }: LaneFacts['orders'][number], facts: LaneFacts, now: number): boolean {
  if (row.role !== 'entry' || isCancelAsked || !isResting(row.state)) return false;
  if (facts.entries === 'withdrawn' || facts.wish !== null) return true;
  return terms.expiresAt !== null && now >= terms.expiresAt;
}

/** Over what is held: exits and protection that may still fill. */
function saleStep(facts: LaneFacts, wish: Extract<Wish, { kind: 'sell' }>): LaneAction | null {
  const orders = facts.orders.filter(({ row }) => !facts.givenUp.has(row.id));
  if (orders.some(({ row }) => row.role === 'exit')) return null;
  const protection = orders.filter(({ row }) => row.role === 'protection');
  const quantity = saleQuantity(facts, wish.downTo);
  if (!isSaleable(quantity, facts)) {
    if (orders.some(({ row }) => row.role === 'entry')) return null;
    const isRest = facts.position.isOpen && wish.downTo.eq(0) && isDust(facts);
    // What the journal holds and the account has not is not sold, and not forgotten either; what is there stays protected meanwhile.
    const isLacking = facts.there !== null && saleQuantity({ ...facts, there: null }, wish.downTo).gt(quantity);
    if (isLacking && !isRest) return protectionStep(facts);
    if (protection.length > 0) return withdrawal(protection);
    return isRest ? { kind: 'note-dust' } : { kind: 'drop-wish', why: 'done' };
  }
  if (protection.length > 0) return withdrawal(protection);
  return { kind: 'sell', quantity, wish };
}

function protectionStep(facts: LaneFacts): LaneAction | null {
  const { stop, wish } = facts;
  // One that may still rest at the venue is waited for, given up or not; of one that it never named, nobody will ever hear more.
  const orders = facts.orders.filter((order) => !(facts.givenUp.has(order.row.id) && isUnanswered(order)));
  const protection = orders.filter(({ row }) => row.role === 'protection');
  const want = facts.position.isOpen ? saleQuantity(facts, ZERO) : ZERO;
  const first = protection[0];
  if (first !== undefined) {
    const isAlone = protection.length === 1 && !first.isCancelAsked;
    const level = wish?.kind === 'sell' ? null : stop;
    return isAlone && stop !== null && protects(first, want, level) ? null : withdrawal(protection);
  }
  if (orders.some(({ row }) => row.role === 'exit')) return null;
  if (!isSaleable(want, { ...facts, price: stop === null ? facts.price : stop.price.toNumber() })) {
    const isStillFilling = wish !== null || facts.orders.length > 0;
    return facts.position.isOpen && !isStillFilling && isDust(facts) ? { kind: 'note-dust' } : null;
  }
  if (stop === null) return null;
  if (facts.price === null || stop.price.lt(facts.price)) return { kind: 'protect', quantity: want, stop };
  if (wish?.kind !== 'sell') return { kind: 'give-up', cause: stop.cause };
  // The stop is passed and nobody buys: until the next try something must stand below.
  const price = floorTo(new Big(facts.price).times(lastResort), facts.market.tickSize);
  return price.gt(0) ? { kind: 'protect', quantity: want, stop: { ...stop, price } } : null;
}

/**
 * Whether what an order has left is all that is held, at the price that is to be. One whose fate is unknown is left to be asked for.
 * @param stop null for whatever price it has, between two tries of a sale
 */
function protects({ row }: Pick<LiveOrder, 'row'>, want: Big, stop: StopLevel | null): boolean {
  if (!isResting(row.state)) return true;
  const isPriced = stop === null || (row.stopPrice?.eq(stop.price) ?? false);
  return isPriced && row.quantity.minus(row.filled).eq(want);
}

function entryStep(facts: LaneFacts, now: number): LaneAction | null {
  const { wish } = facts;
  if (wish?.kind === 'withdraw') {
    return facts.orders.some(({ row }) => row.role === 'entry') ? null : { kind: 'drop-wish', why: 'done' };
  }
  if (wish?.kind !== 'enter') return null;
  if (facts.entries !== 'allowed') return { kind: 'drop-wish', why: 'withdrawn' };
  if (now >= wish.until) return { kind: 'drop-wish', why: 'expired' };
  if (facts.orders.some(({ row }) => row.role !== 'protection')) return null;
  if (facts.cash === 'free') return { kind: 'enter', wish };
  return facts.cash === 'coming' ? null : { kind: 'drop-wish', why: 'no-free-cash' };
}

/** The first that rests and has not been asked to end yet; null while all that can be done is to hear how they ended. */
function withdrawal(orders: LaneFacts['orders']): LaneAction | null {
  const order = orders.find(({ row, isCancelAsked }) => isResting(row.state) && !isCancelAsked);
  return order === undefined ? null : { kind: 'cancel', order: order.row.id };
}

function saleQuantity({ position, there, market }: LaneFacts, downTo: Big): Big {
  const held = there === null ? position.quantity : least(position.quantity, there);
  const quantity = floorTo(most(held.minus(downTo), ZERO), market.stepSize);
  return market.maxQuantity === null ? quantity : least(quantity, market.maxQuantity);
}

/** Without a price only the smallest quantity counts: a venue that then refuses is asked again with the price known. */
function isSaleable(quantity: Big, { market, price }: Pick<LaneFacts, 'market' | 'price'>): boolean {
  if (quantity.lte(0) || quantity.lt(market.minQuantity)) return false;
  return price === null || quantity.times(price).gte(market.minNotional);
}

function isDust(facts: LaneFacts): boolean {
  return !isSaleable(floorTo(most(facts.position.quantity, ZERO), facts.market.stepSize), facts);
}

/** Nothing of it is on its way: it has come to the venue's book whole, and waits there. */
export function isAtRest({ row, isCancelAsked }: Pick<LiveOrder, 'row' | 'isCancelAsked'>): boolean {
  if (isCancelAsked) return false;
  return row.kind === 'limit' ? isResting(row.state) : row.kind === 'stop' && row.state === 'open';
}

/** A sale that was sent, or was about to be when the process ended, and of which the venue has never said that it has it. */
export function isUnanswered({ row }: Pick<LiveOrder, 'row'>): boolean {
  return row.side === 'sell' && row.venueOrderId === null && (row.state === 'unknown' || row.state === 'pending');
}

export function isResting(state: LiveOrder['row']['state']): boolean {
  return !hasEnded({ state }) && state !== 'pending' && state !== 'unknown';
}
