import type { Intent } from '#engine/contract/intent.ts';
import { abs, max } from '#engine/contract/intrinsics.ts';
import type { DenialCode } from '#engine/risk/denial.ts';
import { checkEntryAllowed, checkIntent, checkSize, type HaltState } from '#engine/risk/pre-trade.ts';
import { type Book, withdrawOrder } from './book.ts';
import type { Desk } from './desk.ts';

// Bundled into the strategy realm: no Node imports here.

/**
 * The one place where a decision becomes an order. Sizes are fixed here, at the decision's close, as they are when an order is sent
 * to a venue. A new order replaces the one that waits. Null when the intent was carried out, else why not.
 */
export function makeOrder(desk: Desk, book: Book, intent: Intent, equity: number, halt: HaltState): DenialCode | null {
  switch (intent.action) {
    case 'hold':
      return null;
    case 'exit':
      return makeExit(book, intent.reason);
    case 'cancel':
      return makeCancel(book);
    case 'target':
      return checkIntent(intent) ?? makeTarget(desk, book, intent, equity, halt);
    case 'limit':
      return checkIntent(intent) ?? makeLimit(desk, book, intent, equity, halt);
  }
}

/** True when an intent can only shrink the position: these are carried out before those that need cash. */
export function isReduction(book: Book, intent: Intent, equity: number): boolean {
  if (intent.action === 'limit') return false;
  return intent.action !== 'target' || intent.weight * equity <= book.position.quantity * book.lastClose;
}

function makeExit(book: Book, reason: string): DenialCode | null {
  const { position } = book;
  if (position.quantity <= 0) return makeCancel(book);
  if (position.exiting !== null) return null;
  placeSale(book, position.quantity, true, reason);
  return null;
}

function makeCancel(book: Book): DenialCode | null {
  if (book.order.kind === 'none') return book.position.quantity > 0 ? null : 'no-position';
  withdrawOrder(book);
  return null;
}

function makeTarget(desk: Desk, book: Book, intent: Intent, equity: number, halt: HaltState): DenialCode | null {
  const { position, lastClose, rules } = book;
  if (intent.weight === 0) return makeExit(book, intent.reason);
  if (position.exiting !== null) return 'exit-in-progress';
  const change = intent.weight * equity - position.quantity * lastClose;
  const quantity = book.steps.floor(abs(change) / lastClose);
  if (change <= 0) {
    if (quantity <= 0) return 'no-change';
    if (quantity >= position.quantity) return makeExit(book, intent.reason);
    const denial = checkSize(quantity, lastClose, rules);
    if (denial === null) placeSale(book, quantity, false, intent.reason);
    return denial;
  }
  const denial = checkEntryAllowed(halt);
  if (denial !== null) return denial;
  if (quantity <= 0 && position.quantity > 0) return 'no-change';
  return placePurchase(desk, book, intent, quantity, book.buyPrice(lastClose));
}

function makeLimit(desk: Desk, book: Book, intent: Intent, equity: number, halt: HaltState): DenialCode | null {
  const { position } = book;
  if (position.exiting !== null) return 'exit-in-progress';
  const denial = checkEntryAllowed(halt);
  if (denial !== null) return denial;
  const price = book.ticks.floor(intent.price);
  if (price <= 0) return 'price-out-of-bounds';
  const change = intent.weight * equity - position.quantity * book.lastClose;
  const quantity = change > 0 ? book.steps.floor(change / price) : 0;
  if (quantity <= 0 && position.quantity > 0) return 'no-change';
  return placePurchase(desk, book, intent, quantity, price);
}

/** Cuts a purchase to the free cash, expecting what the sales of this bar will bring, and sets the cash aside. */
function placePurchase(desk: Desk, book: Book, intent: Intent, wanted: number, price: number): DenialCode | null {
  const { order, rules } = book;
  const small = checkSize(wanted, price, rules);
  if (small !== null) return small;
  const unitCost = price * (1 + rules.takerFeeRate);
  const free = max(0, desk.freeCash(book) + expectedProceeds(desk));
  const quantity = wanted * unitCost > free ? book.steps.floor(free / unitCost) : wanted;
  if (checkSize(quantity, price, rules) !== null) return 'no-free-cash';
  order.kind = intent.action === 'limit' ? 'limit' : 'buy';
  order.quantity = quantity;
  order.isCompleteExit = false;
  order.filledQuantity = 0;
  order.filledCost = 0;
  order.limitPrice = price;
  order.barsLeft = intent.expiryBars;
  order.decisionClose = book.decisionClose;
  order.reserved = quantity * unitCost;
  order.hasRested = false;
  order.reason = intent.reason;
  order.stopLoss = intent.stopLoss;
  order.takeProfit = intent.takeProfit;
  order.trailingStop = intent.trailingStop;
  order.slippageTolerance = intent.slippageTolerance;
  order.horizonBars = intent.horizonBars;
  return null;
}

function placeSale(book: Book, quantity: number, isCompleteExit: boolean, reason: string): void {
  const { order } = book;
  order.kind = 'sell';
  order.quantity = quantity;
  order.isCompleteExit = isCompleteExit;
  order.reserved = 0;
  order.reason = reason;
}

/** What the waiting sales would bring at the last closes, after costs. Fills cut purchases again to the cash that is really there. */
function expectedProceeds(desk: Desk): number {
  let proceeds = 0;
  for (let index = 0; index < desk.books.length; index += 1) {
    const book = desk.books[index]!;
    if (book.order.kind !== 'sell') continue;
    proceeds += book.order.quantity * book.sellPrice(book.lastClose) * (1 - book.rules.takerFeeRate);
  }
  return proceeds;
}
