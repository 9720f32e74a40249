import { isMissing, max, min, missing } from '#engine/contract/intrinsics.ts';
import { checkSize } from '#engine/risk/pre-trade.ts';
import { type Book, withdrawOrder } from './book.ts';
import type { Desk } from './desk.ts';
import type { ExitCause } from './types.ts';

// Bundled into the strategy realm: no Node imports here.

/**
 * What a bar does to a symbol's position and order: the only code that fills anything. For all bars that close at one instant
 * the simulation calls, over all symbols in declared order, `sellAtOpen`, then `buyAtOpen`, then `fillInside`, then `closeBar`.
 * So sales at the open pay for purchases at the same open, and nothing inside a bar is known at its open.
 */

/** At the open: what was triggered or decided before, then the horizon, then a stop that the open has gapped through. */
export function sellAtOpen(desk: Desk, book: Book): void {
  const { position, order } = book;
  if (position.quantity <= 0) return;
  const cause = causeAtOpen(book);
  if (cause !== null) sellAll(desk, book, book.sellPrice(book.open), cause, cause === 'decision' ? order.reason : cause);
  else if (order.kind === 'sell') sellPart(desk, book, book.sellPrice(book.open));
}

/** Why the whole position is sold at this open; null when it is not. */
function causeAtOpen(book: Book): ExitCause | null {
  const { position, order } = book;
  if (position.exiting !== null) return position.exiting;
  if (order.kind === 'sell' && order.isCompleteExit) return 'decision';
  if (position.horizonLeft <= 0) return 'horizon';
  return book.open <= stopLevel(book) ? stopCause(book) : null;
}

/** At the open: market orders, and limits that the open trades through on their first bar (they take, so they pay as takers). */
export function buyAtOpen(desk: Desk, book: Book): void {
  const { order } = book;
  if (order.kind === 'buy') {
    takeUp(desk, book, book.buyPrice(book.open), false);
  } else if (order.kind === 'limit' && !order.hasRested && book.open < order.limitPrice) {
    takeUp(desk, book, min(book.buyPrice(book.open), order.limitPrice), false);
  }
}

/** Inside the bar: a resting limit, the stop, the target. On doubt the worse: stop before target, no target after a limit entry. */
export function fillInside(desk: Desk, book: Book): void {
  const { position, order } = book;
  const isLimitHit = order.kind === 'limit' && book.low < order.limitPrice;
  // Falling prices meet the higher level first: a stop above the limit closes the position before the limit could add to it.
  if (isLimitHit && !(position.quantity > 0 && stopLevel(book) >= order.limitPrice)) takeUp(desk, book, order.limitPrice, true);
  if (position.quantity <= 0 || position.exiting !== null) return;
  const stop = stopLevel(book);
  if (book.low <= stop) {
    const cause = stopCause(book);
    sellAll(desk, book, book.sellPrice(min(stop, book.open)), cause, cause);
  } else if (book.high > position.takePrice && !position.isInsideEntry) {
    takeProfit(desk, book);
  }
}

/** At the close: excursions, the trailing stop's high, the counts that end horizons and limits. */
export function closeBar(desk: Desk, book: Book): void {
  const { position, order } = book;
  book.lastClose = book.close;
  if (position.quantity > 0) ageHeld(book);
  book.agedTo = book.at;
  if (order.kind !== 'limit') return;
  order.hasRested = true;
  order.barsLeft -= 1;
  if (order.barsLeft <= 0) refuse(desk, book, 'expired');
}

function ageHeld(book: Book): void {
  const { position } = book;
  noteExcursions(book);
  position.horizonLeft -= 1;
  if (!position.isEntryBar) position.barsHeld += 1;
  position.isEntryBar = false;
  position.isInsideEntry = false;
}

function noteExcursions(book: Book): void {
  const { position, columns, at } = book;
  const low = columns.low[at]!;
  // What the bar did before an entry inside it is unknown: only its low (the entry was on the way there) and close count.
  const high = position.isInsideEntry ? columns.close[at]! : columns.high[at]!;
  if (low < book.lowSinceFill) {
    book.lowSinceFill = low;
    position.adverse = min(position.adverse, low / (position.cost / position.quantity) - 1);
  }
  if (high > book.highSinceFill) {
    book.highSinceFill = high;
    position.favourable = max(position.favourable, high / (position.cost / position.quantity) - 1);
  }
  // A position held before this bar has been held through its high, even when a limit added to it inside the bar.
  const reached = position.isEntryBar ? high : columns.high[at]!;
  if (reached > position.trailHigh) position.trailHigh = reached;
}

/** The higher of the stop and the trailing stop; NaN without either. The trailing stop knows highs up to the previous bar only. */
function stopLevel(book: Book): number {
  const { stopPrice, trailDistance } = book.position;
  if (isMissing(trailDistance)) return stopPrice;
  const trail = trailPrice(book);
  return isMissing(stopPrice) || trail > stopPrice ? trail : stopPrice;
}

function stopCause(book: Book): ExitCause {
  const { stopPrice, trailDistance } = book.position;
  if (isMissing(trailDistance)) return 'stop';
  return isMissing(stopPrice) || trailPrice(book) > stopPrice ? 'trailing-stop' : 'stop';
}

function trailPrice(book: Book): number {
  const { trailDistance, trailHigh } = book.position;
  return isMissing(trailDistance) ? missing : book.ticks.floor(trailHigh * (1 - trailDistance));
}

/** Sells the whole position, as far as the bar's volume goes; the rest follows on the next bars at their open. */
function sellAll(desk: Desk, book: Book, price: number, cause: ExitCause, reason: string): void {
  const { position } = book;
  if (cause !== 'decision') {
    position.exiting = cause;
    desk.withdrawPurchase(book);
  }
  const quantity = takeVolume(book, position.quantity);
  if (quantity > 0) desk.sell(book, quantity, price, false, cause, reason);
}

function sellPart(desk: Desk, book: Book, price: number): void {
  const { order, position } = book;
  const quantity = takeVolume(book, min(order.quantity, position.quantity));
  if (quantity <= 0) return;
  order.quantity = book.steps.nearest(order.quantity - quantity);
  const isDone = order.quantity <= 0;
  desk.sell(book, quantity, price, false, 'decision', order.reason);
  if (isDone) withdrawOrder(book);
}

/** The target is a resting limit: it sells at its price, as maker, what the volume allows; the rest keeps resting. */
function takeProfit(desk: Desk, book: Book): void {
  const quantity = takeVolume(book, book.position.quantity);
  if (quantity > 0) desk.sell(book, quantity, book.position.takePrice, true, 'take-profit', 'take-profit');
}

/** Buys what the order wants, the volume allows and the free cash pays. */
function takeUp(desk: Desk, book: Book, price: number, isMaker: boolean): void {
  const { order, rules } = book;
  if (price > order.decisionClose * (1 + order.slippageTolerance)) {
    refuse(desk, book, 'slippage-tolerance');
    return;
  }
  const unitCost = price * (1 + (isMaker ? rules.makerFeeRate : rules.takerFeeRate));
  const free = desk.cashForFill(book);
  if (order.quantity * unitCost > free) {
    const affordable = book.steps.floor(free / unitCost);
    order.quantity = affordable * unitCost > free ? book.steps.nearest(affordable - rules.stepSize) : affordable;
    if (checkSize(order.quantity, price, rules) !== null) {
      refuse(desk, book, 'no-free-cash');
      return;
    }
  }
  const quantity = takeVolume(book, order.quantity);
  if (quantity > 0) desk.buy(book, quantity, price, isMaker);
}

function takeVolume(book: Book, wanted: number): number {
  const quantity = wanted <= book.volumeLeft ? wanted : book.steps.floor(book.volumeLeft);
  if (quantity <= 0) return 0;
  book.volumeLeft -= quantity;
  return quantity;
}

function refuse(desk: Desk, book: Book, code: 'slippage-tolerance' | 'no-free-cash' | 'expired'): void {
  desk.deny(book, code, book.order.reason);
  withdrawOrder(book);
}
