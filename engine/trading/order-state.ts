import Big from 'big.js';
import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';
import type { FoldedOrder } from '#engine/store/journal/order-journal.ts';
import { ZERO } from './decimals.ts';

const Decimal = z.string().regex(/^\d+(\.\d+)?$/);

/** What can become of an order, as its history keeps it. Amounts are decimals as text. */
export const OrderEvent = z.discriminatedUnion('kind', [
  /** On disk before anything is sent. */
  z.strictObject({ kind: z.literal('intended') }),
  /** It was sent, or may have been, and what became of it only the venue can tell. */
  z.strictObject({ kind: z.literal('lost'), why: z.string() }),
  /** The venue took it. */
  z.strictObject({ kind: z.literal('taken'), venueOrderId: z.string() }),
  /** The venue answered no, or nothing ever left, or it never arrived. */
  z.strictObject({ kind: z.literal('refused'), why: z.string() }),
  /** The venue said how it stands. */
  z.strictObject({
    kind: z.literal('seen'),
    venueOrderId: z.string(),
    state: z.enum(['open', 'filled', 'cancelled', 'rejected', 'expired']),
    filled: Decimal,
  }),
  /** A fill was recorded. */
  z.strictObject({ kind: z.literal('fill'), fillId: z.string(), quantity: Decimal }),
  /** A person has given up hearing what became of it. What its fills say stays. */
  z.strictObject({ kind: z.literal('written-off'), why: z.string() }),
]);
export type OrderEvent = z.infer<typeof OrderEvent>;

export const NEVER_ARRIVED = 'never-arrived';
const WRITTEN_OFF = 'written-off';

/** Before its first event. */
export const UNBORN: FoldedOrder = {
  state: 'pending',
  venueOrderId: null,
  filled: ZERO,
  saidFilled: null,
  refusal: null,
  isFinal: false,
};

/**
 * The order after one more event. `filled` is the sum of its fills and never what a status says; an order that has ended is final once
 * its fills add up to what the venue said.
 * @param quantity what was ordered
 * @throws RatchetError `trading/transition` for what cannot happen
 */
export function afterEvent(order: FoldedOrder, event: OrderEvent, quantity: Big): FoldedOrder {
  switch (event.kind) {
    case 'intended':
      if (order !== UNBORN) throw illegal(order, event);
      return order;
    case 'lost':
      if (order.state !== 'pending') throw illegal(order, event);
      return { ...order, state: 'unknown' };
    case 'refused':
      if (order.state !== 'pending' && order.state !== 'unknown') throw illegal(order, event);
      if (order.filled.gt(0)) throw illegal(order, event);
      return { ...order, state: 'rejected', refusal: event.why, isFinal: true };
    case 'taken': {
      if (order.venueOrderId !== null && order.venueOrderId !== event.venueOrderId) throw illegal(order, event);
      const known = { ...order, venueOrderId: event.venueOrderId };
      if (order.state !== 'pending' && order.state !== 'unknown') return known;
      return settled({ ...known, state: openState(order.filled) }, quantity);
    }
    case 'seen':
      return afterLook(order, event, quantity);
    case 'fill': {
      const filled = order.filled.plus(event.quantity);
      if (filled.gt(quantity)) throw illegal(order, event);
      const { state } = order;
      // A fill before its order's own answer came: the order is there.
      const isWaiting = state === 'pending' || state === 'unknown' || state === 'open' || state === 'partial';
      return settled({ ...order, filled, state: isWaiting ? 'partial' : state }, quantity);
    }
    case 'written-off':
      if (order.isFinal) throw illegal(order, event);
      return { ...order, state: 'cancelled', refusal: WRITTEN_OFF, isFinal: true };
  }
}

/** Whether the event would change anything; news comes twice, late and in the wrong order. */
export function isNews(order: FoldedOrder, event: OrderEvent): boolean {
  if (event.kind !== 'seen') return true;
  if (order.isFinal && !isPresumedDead(order)) return false;
  if (order.venueOrderId === null || order.state === 'pending' || order.state === 'unknown') return true;
  if (event.state === 'open') return isPresumedDead(order);
  return order.saidFilled === null || order.saidFilled.lt(event.filled) || !hasEnded(order);
}

/** Whether what a venue says can be of this order. */
export function isPossible(order: FoldedOrder & { readonly quantity: Big }, event: OrderEvent): boolean {
  try {
    afterEvent(order, event, order.quantity);
    return true;
  } catch (error) {
    if (!(error instanceof RatchetError) || error.code !== 'trading/transition') throw error;
    return false;
  }
}

function afterLook(order: FoldedOrder, event: Extract<OrderEvent, { kind: 'seen' }>, quantity: Big): FoldedOrder {
  if (order.venueOrderId !== null && order.venueOrderId !== event.venueOrderId) throw illegal(order, event);
  // An answer that was on the way while the order ended says less than what is known.
  if (hasEnded(order) && event.state === 'open' && !isPresumedDead(order)) return order;
  if (!Decimal.safeParse(event.filled).success) throw illegal(order, event);
  const said = new Big(event.filled);
  if (said.gt(quantity)) throw illegal(order, event);
  const known = { ...order, venueOrderId: event.venueOrderId, refusal: null, isFinal: false };
  if (event.state === 'open') return settled({ ...known, state: openState(order.filled) }, quantity);
  const saidFilled = order.saidFilled?.gt(said) ? order.saidFilled : said;
  // What it did before a person gave it up is in the balances that were accepted then: that stays known of it.
  const past = isWrittenOff(order) ? order.refusal : null;
  const refusal = event.state === 'rejected' ? 'the venue rejected it after it had taken it' : past;
  return settled({ ...known, state: event.state, saidFilled, refusal }, quantity);
}

/** Ended, and complete: either all of it is filled, or the fills are as many as the venue said, or a person has given it up. */
function settled(order: FoldedOrder, quantity: Big): FoldedOrder {
  if (order.filled.eq(quantity)) return { ...order, state: 'filled', isFinal: true };
  if (!hasEnded(order)) return order;
  return { ...order, isFinal: order.isFinal || (order.saidFilled !== null && order.filled.gte(order.saidFilled)) };
}

function openState(filled: Big): FoldedOrder['state'] {
  return filled.gt(0) ? 'partial' : 'open';
}

export function hasEnded({ state }: Pick<FoldedOrder, 'state'>): boolean {
  return state === 'filled' || state === 'cancelled' || state === 'rejected' || state === 'expired';
}

/** A person has given up hearing what became of it. */
export function isWrittenOff({ refusal }: Pick<FoldedOrder, 'refusal'>): boolean {
  return refusal === WRITTEN_OFF;
}

/** It was refused, or given up as never arrived or by a person; should it appear at the venue after all, it lives. */
export function isPresumedDead({ state, venueOrderId, refusal }: FoldedOrder): boolean {
  return (state === 'rejected' && venueOrderId === null) || (state === 'cancelled' && isWrittenOff({ refusal }));
}

function illegal(order: FoldedOrder, event: OrderEvent): RatchetError {
  return new RatchetError(
    'trading/transition',
    `An order that is ${order.state} with ${order.filled} filled cannot meet ${JSON.stringify(event)}.`,
    'The journal was left as it was; keep it for a look.',
    { state: order.state, event },
  );
}
