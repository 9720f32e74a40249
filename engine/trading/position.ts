import type Big from 'big.js';
import type { ExitCause } from '#engine/simulation/types.ts';
import type { FilledOrder, JournalFill } from '#engine/store/journal/journal-rows.ts';
import { decimalOf, ZERO } from './decimals.ts';
import { termsOf } from './terms.ts';

/** A share of a cost has no end of digits; a position that is made smaller again and again would carry them all. */
const COST_DECIMALS = 12;

/** The assets of a symbol, `BASE/QUOTE`. */
export interface Pair {
  readonly base: string;
  readonly quote: string;
}

export function pairOf(symbol: string): Pair {
  const [base, quote] = symbol.split('/');
  return { base: base!, quote: quote! };
}

/**
 * What one strategy holds of one symbol: a fold over its fills and the journal's notes, so that it comes out the same after any restart.
 * Quantities are of the base asset, money is of the quote asset.
 */
export interface Position {
  /** Everything the lane holds, dust too. */
  readonly quantity: Big;
  /** Between the fill that opens a position and the one that closes it, or the note that what is left is dust. */
  readonly isOpen: boolean;
  /** What the quantity that is held has cost, fees apart; zero when not open. */
  readonly cost: Big;
  /** All that ever came in less all that went out; fees in other assets than the base count as far as their worth is known. */
  readonly cash: Big;
  /** All fees ever, as far as they are known in the quote asset. */
  readonly feesEver: Big;
  /** Value of everything bought and sold. */
  readonly turnover: Big;
  /** Proceeds of sales less the cost of what was sold, before fees. */
  readonly realised: Big;
  readonly opened: OpenedPosition | null;
}

/** Since the position was opened. */
export interface OpenedPosition {
  /** The journal's number of the fill that opened it. */
  readonly fill: number;
  readonly time: number;
  readonly reason: string;
  readonly version: string;
  readonly boughtQuantity: Big;
  readonly boughtCost: Big;
  readonly soldQuantity: Big;
  readonly soldValue: Big;
  readonly fees: Big;
  /** Exact, not on the market's tick; null without. */
  readonly stopPrice: Big | null;
  readonly takePrice: Big | null;
  readonly trailDistance: number | null;
  /** The price of the first fill: the trailing stop's first high. */
  readonly firstPrice: Big;
  /** The fill that set the horizon, and how many bars it gave. */
  readonly horizon: { readonly fill: number; readonly bars: number } | null;
  /** What a person has accepted as gone since the last fill; null for nothing. */
  readonly writtenOff: Pick<WriteOff, 'at' | 'reason'> | null;
  /** What the entry order that fills now has bought. */
  readonly order: { readonly id: number; readonly quantity: Big; readonly cost: Big };
}

/** A part of a position that the account no longer has, as a person has accepted. */
export interface WriteOff {
  /** Base asset; below zero for what was written off and not gone. */
  readonly quantity: Big;
  /** The last known, quote asset; null where nothing told: then it counts as worth what it cost. */
  readonly price: Big | null;
  readonly at: number;
  readonly reason: string;
}

/** A position that has ended. */
export interface ClosedPosition {
  readonly opened: OpenedPosition;
  readonly exitTime: number;
  readonly exitReason: string;
  readonly exitCause: ExitCause;
  /** The fill that closed it, or the last one before what was left was noted as dust or written off. */
  readonly fill: number;
}

export const FLAT: Position = {
  quantity: ZERO,
  isOpen: false,
  cost: ZERO,
  cash: ZERO,
  feesEver: ZERO,
  turnover: ZERO,
  realised: ZERO,
  opened: null,
};

/** What a fill cost in the quote asset, as far as is known: what its fees took of the base asset, of other assets, and all together. */
export function feesOf(fill: Pick<JournalFill, 'fees' | 'price'>, { base, quote }: Pair) {
  let inBase = ZERO;
  let paid = ZERO;
  for (const fee of fill.fees) {
    if (fee.asset === base) inBase = inBase.plus(fee.amount);
    else if (fee.asset === quote) paid = paid.plus(fee.amount);
    else if (fee.quoteValue !== null) paid = paid.plus(fee.quoteValue);
  }
  return { inBase, paid, value: paid.plus(inBase.times(fill.price)) };
}

/** The position after another fill of one of its orders, and the one that this fill has closed. */
export function afterFill(
  position: Position,
  fill: JournalFill,
  order: FilledOrder,
): { readonly position: Position; readonly closed: ClosedPosition | null } {
  const fees = feesOf(fill, pairOf(fill.symbol));
  const value = fill.quantity.times(fill.price);
  const common = {
    feesEver: position.feesEver.plus(fees.value),
    turnover: position.turnover.plus(value),
  };
  if (fill.side === 'buy') {
    const opened = bought(position, fill, order, fees.value);
    return {
      position: {
        ...position,
        ...common,
        quantity: position.quantity.plus(fill.quantity).minus(fees.inBase),
        cost: position.cost.plus(value),
        cash: position.cash.minus(value).minus(fees.paid),
        isOpen: true,
        opened,
      },
      closed: null,
    };
  }
  const left = position.quantity.minus(fill.quantity).minus(fees.inBase);
  // Of a position of which dust is left nothing has a cost any more.
  const share = position.quantity.gt(0) && left.gt(0) ? fill.quantity.div(position.quantity) : null;
  const costSold = share === null ? position.cost : position.cost.times(share).round(COST_DECIMALS);
  const sold: Position = {
    ...position,
    ...common,
    quantity: left,
    cost: position.cost.minus(costSold),
    cash: position.cash.plus(value).minus(fees.paid),
    realised: position.realised.plus(value).minus(costSold),
    opened:
      position.opened === null
        ? null
        : {
            ...position.opened,
            soldQuantity: position.opened.soldQuantity.plus(fill.quantity),
            soldValue: position.opened.soldValue.plus(value),
            fees: position.opened.fees.plus(fees.value),
            writtenOff: null,
          },
  };
  if (left.gt(0) || sold.opened === null) return { position: sold, closed: null };
  return { position: closedPosition(sold), closed: closing(sold.opened, fill, order) };
}

/** What is left is too small to be sold: the position is over, and its rest has cost nothing. */
export function afterDust(
  position: Position,
  last: JournalFill,
  order: FilledOrder,
): { readonly position: Position; readonly closed: ClosedPosition | null } {
  const { opened } = position;
  if (opened === null) return { position, closed: null };
  const byHand = opened.writtenOff === null ? null : closedByHand(opened, opened.writtenOff, last.id);
  const closed = byHand ?? (opened.soldQuantity.gt(0) ? closing(opened, last, order) : null);
  return { position: { ...closedPosition(position), realised: position.realised.minus(position.cost) }, closed };
}

/**
 * A part of it is gone without a sale of ours. It leaves the position at the last known price, as if the account's owner had taken it over
 * for that: whether it was sold, lost or taken elsewhere only the account's balances tell.
 * @param last the journal's number of the lane's last fill
 * @returns also what it counts as worth, quote asset
 */
export function afterWriteOff(
  position: Position,
  writeOff: WriteOff,
  last: number,
): { readonly position: Position; readonly closed: ClosedPosition | null; readonly value: Big } {
  const { opened } = position;
  const left = position.quantity.minus(writeOff.quantity);
  const share = position.quantity.gt(0) && left.gt(0) ? writeOff.quantity.div(position.quantity) : null;
  const costGone = share === null ? position.cost : position.cost.times(share).round(COST_DECIMALS);
  const value = writeOff.price === null ? costGone : writeOff.quantity.times(writeOff.price);
  const after: Position = {
    ...position,
    quantity: left,
    cost: position.cost.minus(costGone),
    cash: position.cash.plus(value),
    realised: position.realised.plus(value).minus(costGone),
    opened:
      opened === null
        ? null
        : {
            ...opened,
            soldQuantity: opened.soldQuantity.plus(writeOff.quantity),
            soldValue: opened.soldValue.plus(value),
            writtenOff: { at: writeOff.at, reason: reasonOf(writeOff) },
          },
  };
  const { opened: ended } = after;
  if (left.gt(0) || ended === null || ended.writtenOff === null) return { position: after, closed: null, value };
  return { position: closedPosition(after), closed: closedByHand(ended, ended.writtenOff, last), value };
}

function reasonOf({ price, reason }: WriteOff): string {
  const worth = price === null ? 'what it had cost' : `${price.toFixed()}, the last price known`;
  return `${reason} (not sold here; valued at ${worth})`;
}

function closedByHand(opened: OpenedPosition, { at, reason }: Pick<WriteOff, 'at' | 'reason'>, fill: number): ClosedPosition {
  return { opened, exitTime: at, exitReason: reason, exitCause: 'by-hand', fill };
}

function closedPosition(position: Position): Position {
  return { ...position, isOpen: false, cost: ZERO, opened: null };
}

function closing(opened: OpenedPosition, fill: JournalFill, order: FilledOrder): ClosedPosition {
  // A sale's cause is one of these by construction; an entry's is `entry` and closes nothing.
  const cause = order.cause === 'entry' ? 'decision' : (order.cause as ExitCause);
  return { opened, exitTime: fill.time, exitReason: order.reason, exitCause: cause, fill: fill.id };
}

/** Distances are ratios of the average price at which the order has filled so far; what it does not name stays as it was. */
function bought(position: Position, fill: JournalFill, order: FilledOrder, fees: Big): OpenedPosition {
  const value = fill.quantity.times(fill.price);
  const before = position.opened ?? opening(fill, order);
  const isSame = before.order.id === order.id;
  const filling = {
    id: order.id,
    quantity: (isSame ? before.order.quantity : ZERO).plus(fill.quantity),
    cost: (isSame ? before.order.cost : ZERO).plus(value),
  };
  const average = filling.cost.div(filling.quantity);
  const { stopLoss, fallbackStop, takeProfit, trailingStop, horizonBars } = termsOf(order);
  const isBare = before.stopPrice === null && before.trailDistance === null && trailingStop === null;
  const stop = stopLoss ?? (isBare ? fallbackStop : null);
  const isFirst = filling.quantity.eq(fill.quantity);
  return {
    ...before,
    boughtQuantity: before.boughtQuantity.plus(fill.quantity),
    boughtCost: before.boughtCost.plus(value),
    fees: before.fees.plus(fees),
    stopPrice: stop === null ? before.stopPrice : average.times(decimalOf(1 - stop)),
    takePrice: takeProfit === null ? before.takePrice : average.times(decimalOf(1 + takeProfit)),
    trailDistance: trailingStop ?? before.trailDistance,
    horizon: isFirst && horizonBars !== null ? { fill: fill.id, bars: horizonBars } : before.horizon,
    writtenOff: null,
    order: filling,
  };
}

function opening(fill: JournalFill, order: FilledOrder): OpenedPosition {
  return {
    fill: fill.id,
    time: fill.time,
    reason: order.reason,
    version: order.version,
    boughtQuantity: ZERO,
    boughtCost: ZERO,
    soldQuantity: ZERO,
    soldValue: ZERO,
    fees: ZERO,
    stopPrice: null,
    takePrice: null,
    trailDistance: null,
    firstPrice: fill.price,
    horizon: null,
    writtenOff: null,
    order: { id: order.id, quantity: ZERO, cost: ZERO },
  };
}
