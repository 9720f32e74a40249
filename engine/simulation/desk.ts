import { infinity, max, min, missing } from '#engine/contract/intrinsics.ts';
import type { Denial, DenialCode } from '#engine/risk/denial.ts';
import { Account } from './account.ts';
import { type Book, withdrawOrder } from './book.ts';
import type { ExitCause, Fill, Trade } from './types.ts';

// Bundled into the strategy realm: no Node imports here.

class ClosingTrade implements Trade {
  symbol = '';
  entryTime = missing;
  exitTime = missing;
  entryPrice = missing;
  exitPrice = missing;
  quantity = missing;
  fees = missing;
  netResult = missing;
  netReturn = missing;
  barsHeld = 0;
  maxAdverseExcursion = missing;
  maxFavourableExcursion = missing;
  entryReason = '';
  exitReason = '';
  exitCause: ExitCause = 'decision';
  version = '';
}

/** Where fills are booked: money, position and record change here and nowhere else. */
export class Desk {
  readonly account: Account;
  readonly books: readonly Book[];
  /** Since they were last taken; the reader empties them. */
  readonly fills: Fill[] = [];
  readonly trades: Trade[] = [];
  /** Takes in each trade as its position closes; by default `trades` does. */
  takeTrade: (trade: Trade) => void = (trade) => this.trades.push({ ...trade });
  /** The trade that closes, filled again for each: a loop over a million bars closes thousands. */
  readonly #closing = new ClosingTrade();
  readonly denials: Denial[] = [];
  /** False where nobody reads fills and denials. */
  isRecordingAll = true;
  /** Open time of the bars being processed, UTC milliseconds. */
  time = 0;
  /** Tag of the strategy version whose decisions are being executed. */
  version = '';

  constructor(capital: number, books: readonly Book[]) {
    this.account = new Account(capital);
    this.books = books;
  }

  deny(book: Book, code: DenialCode, reason: string): void {
    if (!this.isRecordingAll) return;
    this.denials.push({ time: this.time, symbol: book.symbol, code, reason });
  }

  /** Quote asset not set aside for the orders of other symbols; below zero when orders count on sales that are still to fill. */
  freeCash(own: Book): number {
    let free = this.account.cash;
    for (let index = 0; index < this.books.length; index += 1) {
      const book = this.books[index]!;
      if (book !== own) free -= book.order.reserved;
    }
    return free;
  }

  /**
   * Quote asset a fill may spend now. Resting limits keep what was set aside for them; market orders that fill at the same open
   * are served in declared order, so those of later symbols do not hold back this one.
   */
  cashForFill(own: Book): number {
    let free = this.account.cash;
    let isLater = false;
    for (let index = 0; index < this.books.length; index += 1) {
      const book = this.books[index]!;
      if (book === own) isLater = true;
      else if (!isLater || book.order.kind === 'limit') free -= book.order.reserved;
    }
    return max(0, free);
  }

  /** Books a buy that `book.order` asked for, and sets the protection it carries. */
  buy(book: Book, quantity: number, price: number, isMaker: boolean): void {
    const { account } = this;
    const { position, order, rules } = book;
    const value = quantity * price;
    const fee = value * (isMaker ? rules.makerFeeRate : rules.takerFeeRate);
    if (position.quantity === 0) this.#openPosition(book, price, isMaker);
    else if (isMaker) position.isInsideEntry = true;
    account.cash -= value + fee;
    account.fees += fee;
    account.turnover += value;
    position.quantity = book.steps.nearest(position.quantity + quantity);
    position.cost += value;
    position.boughtQuantity += quantity;
    position.boughtCost += value;
    position.fees += fee;
    order.reserved = order.quantity > 0 ? order.reserved * max(0, 1 - quantity / order.quantity) : 0;
    order.quantity = book.steps.nearest(order.quantity - quantity);
    const isFirstFill = order.filledQuantity === 0;
    order.filledQuantity += quantity;
    order.filledCost += value;
    book.lowSinceFill = infinity;
    book.highSinceFill = -infinity;
    this.#protect(book, isFirstFill);
    this.#record(book, 'buy', quantity, price, fee, isMaker, 'entry', order.reason);
    if (order.quantity <= 0) withdrawOrder(book);
  }

  /** Books a sale of part or all of the position; the sale that empties it makes the trade. */
  sell(book: Book, quantity: number, price: number, isMaker: boolean, cause: ExitCause, reason: string): void {
    const { account } = this;
    const { position, rules } = book;
    const value = quantity * price;
    const fee = value * (isMaker ? rules.makerFeeRate : rules.takerFeeRate);
    const left = book.steps.nearest(position.quantity - quantity);
    const costSold = left > 0 ? position.cost * (quantity / position.quantity) : position.cost;
    const change = price / book.entryPrice - 1;
    account.cash += value - fee;
    account.fees += fee;
    account.realised += value - costSold;
    account.turnover += value;
    position.adverse = min(position.adverse, change);
    position.favourable = max(position.favourable, change);
    position.quantity = max(0, left);
    position.cost = left > 0 ? position.cost - costSold : 0;
    book.lowSinceFill = infinity;
    book.highSinceFill = -infinity;
    position.soldQuantity += quantity;
    position.soldValue += value;
    position.fees += fee;
    this.#record(book, 'sell', quantity, price, fee, isMaker, cause, reason);
    if (left <= 0) this.#closePosition(book, cause, reason);
  }

  #openPosition(book: Book, price: number, isInside: boolean): void {
    const { position, order } = book;
    position.cost = 0;
    position.boughtQuantity = 0;
    position.boughtCost = 0;
    position.soldQuantity = 0;
    position.soldValue = 0;
    position.fees = 0;
    position.entryTime = this.time;
    position.entryReason = order.reason;
    position.version = this.version;
    position.barsHeld = 0;
    position.adverse = 0;
    position.favourable = 0;
    position.stopPrice = missing;
    position.takePrice = missing;
    position.trailDistance = missing;
    position.trailHigh = price;
    position.horizonLeft = missing;
    position.exiting = null;
    position.isEntryBar = true;
    position.isInsideEntry = isInside;
  }

  /**
   * Distances are ratios of the average price at which the order has filled so far. What the order does not name stays as it was:
   * averaging in keeps the protective orders.
   */
  #protect(book: Book, isFirstFill: boolean): void {
    const { position, order } = book;
    const price = order.filledCost / order.filledQuantity;
    if (order.stopLoss > 0) position.stopPrice = book.ticks.floor(price * (1 - order.stopLoss));
    if (order.takeProfit > 0) position.takePrice = book.ticks.ceil(price * (1 + order.takeProfit));
    if (order.trailingStop > 0) position.trailDistance = order.trailingStop;
    if (isFirstFill && order.horizonBars > 0) position.horizonLeft = order.horizonBars;
  }

  #closePosition(book: Book, cause: ExitCause, reason: string): void {
    const { position } = book;
    const spent = position.boughtCost;
    const trade = this.#closing;
    trade.symbol = book.symbol;
    trade.entryTime = position.entryTime;
    trade.exitTime = this.time;
    trade.entryPrice = spent / position.boughtQuantity;
    trade.exitPrice = position.soldValue / position.soldQuantity;
    trade.quantity = book.steps.nearest(position.boughtQuantity);
    trade.fees = position.fees;
    trade.netResult = position.soldValue - spent - position.fees;
    trade.netReturn = trade.netResult / spent;
    trade.barsHeld = position.barsHeld;
    trade.maxAdverseExcursion = position.adverse;
    trade.maxFavourableExcursion = position.favourable;
    trade.entryReason = position.entryReason;
    trade.exitReason = reason;
    trade.exitCause = cause;
    trade.version = position.version;
    this.takeTrade(trade);
    position.exiting = null;
    this.withdrawPurchase(book);
    withdrawOrder(book);
  }

  /** Takes back an order to buy that has lost its ground, and says so in the record. */
  withdrawPurchase(book: Book): void {
    if (book.order.kind !== 'buy' && book.order.kind !== 'limit') return;
    this.deny(book, 'withdrawn', book.order.reason);
    withdrawOrder(book);
  }

  #record(
    book: Book,
    side: 'buy' | 'sell',
    quantity: number,
    price: number,
    fee: number,
    isMaker: boolean,
    cause: Fill['cause'],
    reason: string,
  ): void {
    if (!this.isRecordingAll) return;
    this.fills.push({ time: this.time, symbol: book.symbol, side, quantity, price, fee, isMaker, cause, reason });
  }
}
