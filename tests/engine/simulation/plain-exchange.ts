import type { DecisionRecord } from '#engine/contract/intent.ts';
import type { ClosedBar, MarketRules } from '#engine/simulation/types.ts';

/** What happened, in the words of this exchange. */
export interface PlainFill {
  readonly side: 'buy' | 'sell';
  readonly quantity: number;
  readonly price: number;
  readonly fee: number;
  readonly cause: string;
}

interface Wish {
  readonly kind: 'buy' | 'limit' | 'part' | 'exit';
  quantity: number;
  readonly price: number;
  readonly seen: number;
  readonly ask: DecisionRecord;
  bars: number;
  bought: number;
  paid: number;
}

/**
 * The rules of fills for one symbol, written from their description alone and without a thought for speed: no path that skips a bar,
 * no column, no order object that is used again. What the real simulation does must be this.
 */
export class PlainExchange {
  cash: number;
  held = 0;
  readonly fills: PlainFill[] = [];
  readonly #rules: MarketRules;
  #cost = 0;
  #stop = Number.NEGATIVE_INFINITY;
  #target = Number.POSITIVE_INFINITY;
  #trail: number | null = null;
  #best = 0;
  #barsLeft = Number.POSITIVE_INFINITY;
  #leaving: string | null = null;
  #isNew = false;
  #boughtInside = false;
  #wish: Wish | null = null;
  #volume = 0;
  #close = Number.NaN;

  constructor(rules: MarketRules, capital: number) {
    this.#rules = rules;
    this.cash = capital;
  }

  bar({ open, high, low, close, volume }: ClosedBar): void {
    if (volume === 0) return;
    this.#volume = volume * this.#rules.volumeShare;
    this.#boughtInside = false;
    this.#sellAtOpen(open);
    this.#buyAtOpen(open);
    this.#inside(open, high, low);
    this.#close = close;
    if (this.held > 0) {
      // Of a bar in which the position itself began, only the close is known to have come after the entry.
      this.#best = Math.max(this.#best, this.#isNew && this.#boughtInside ? close : high);
      this.#barsLeft -= 1;
    }
    this.#isNew = false;
    if (this.#wish?.kind !== 'limit') return;
    this.#wish.bars -= 1;
    if (this.#wish.bars <= 0) this.#wish = null;
  }

  decide(ask: DecisionRecord): void {
    const { action, weight = 0 } = ask;
    if (action === 'hold') return;
    if (action === 'cancel' || (this.held === 0 && (action === 'exit' || (action === 'target' && weight === 0)))) {
      this.#wish = null;
      return;
    }
    if (this.#leaving !== null) return;
    if (action === 'exit' || (action === 'target' && weight === 0)) {
      this.#want('exit', this.held, 0, ask);
      return;
    }
    const missing = weight! * (this.cash + this.held * this.#close) - this.held * this.#close;
    if (action === 'limit') {
      const price = this.#tickDown(ask.price!);
      this.#wantToBuy('limit', missing > 0 ? this.#steps(missing / price) : 0, price, ask);
    } else if (missing > 0) {
      this.#wantToBuy('buy', this.#steps(missing / this.#close), this.#buyPrice(this.#close), ask);
    } else {
      const quantity = this.#steps(-missing / this.#close);
      if (quantity >= this.held) this.#want('exit', this.held, 0, ask);
      else if (this.#isLargeEnough(quantity, this.#close)) this.#want('part', quantity, 0, ask);
    }
  }

  #sellAtOpen(open: number): void {
    if (this.held === 0) return;
    const wish = this.#wish;
    if (this.#leaving === null && wish?.kind === 'exit') this.#sell(this.held, this.#sellPrice(open), 'decision', false);
    else if (this.#leaving !== null) this.#leave(this.#sellPrice(open), this.#leaving);
    else if (this.#barsLeft <= 0) this.#leave(this.#sellPrice(open), 'horizon');
    else if (open <= this.#level()) this.#leave(this.#sellPrice(open), this.#levelName());
    else if (wish?.kind === 'part') {
      wish.quantity -= this.#sell(wish.quantity, this.#sellPrice(open), 'decision', false);
      if (wish.quantity < this.#rules.stepSize / 2) this.#wish = null;
    }
  }

  #buyAtOpen(open: number): void {
    const wish = this.#wish;
    if (wish?.kind === 'buy') this.#buy(wish, this.#buyPrice(open), false);
    else if (wish?.kind === 'limit' && wish.bought === 0 && wish.bars === (wish.ask.expiryBars ?? 1e9) && open < wish.price) {
      this.#buy(wish, Math.min(this.#buyPrice(open), wish.price), false);
    }
  }

  #inside(open: number, high: number, low: number): void {
    const wish = this.#wish;
    const isStopFirst = this.held > 0 && wish !== null && this.#level() >= wish.price;
    if (wish?.kind === 'limit' && low < wish.price && !isStopFirst) this.#buy(wish, wish.price, true);
    if (this.held === 0 || this.#leaving !== null) return;
    if (low <= this.#level()) this.#leave(this.#sellPrice(Math.min(open, this.#level())), this.#levelName());
    else if (high > this.#target && !this.#boughtInside) this.#sell(this.held, this.#target, 'take-profit', true);
  }

  #leave(price: number, cause: string): void {
    this.#leaving = cause;
    if (this.#wish?.kind === 'buy' || this.#wish?.kind === 'limit') this.#wish = null;
    this.#sell(this.held, price, cause, false);
  }

  #sell(wanted: number, price: number, cause: string, isMaker: boolean): number {
    const quantity = this.#take(Math.min(wanted, this.held));
    if (quantity === 0) return 0;
    const fee = quantity * price * (isMaker ? this.#rules.makerFeeRate : this.#rules.takerFeeRate);
    this.cash += quantity * price - fee;
    this.#cost *= 1 - quantity / this.held;
    this.held = this.#whole(this.held - quantity);
    this.fills.push({ side: 'sell', quantity, price, fee, cause });
    if (this.held > 0) return quantity;
    this.#wish = null;
    this.#leaving = null;
    this.#stop = Number.NEGATIVE_INFINITY;
    this.#target = Number.POSITIVE_INFINITY;
    this.#trail = null;
    this.#barsLeft = Number.POSITIVE_INFINITY;
    return quantity;
  }

  #buy(wish: Wish, price: number, isMaker: boolean): void {
    const { slippageTolerance, stopLoss, takeProfit, trailingStop, horizonBars } = wish.ask;
    if (typeof slippageTolerance === 'number' && price > wish.seen * (1 + slippageTolerance)) {
      this.#wish = null;
      return;
    }
    const quantity = this.#take(wish.quantity);
    if (quantity === 0) return;
    const fee = quantity * price * (isMaker ? this.#rules.makerFeeRate : this.#rules.takerFeeRate);
    this.cash -= quantity * price + fee;
    this.#cost += quantity * price;
    if (this.held === 0) {
      this.#isNew = true;
      this.#best = price;
    }
    if (isMaker) this.#boughtInside = true;
    if (typeof horizonBars === 'number' && wish.bought === 0) this.#barsLeft = horizonBars;
    this.held = this.#whole(this.held + quantity);
    this.fills.push({ side: 'buy', quantity, price, fee, cause: 'entry' });
    wish.bought += quantity;
    wish.paid += quantity * price;
    const average = wish.paid / wish.bought;
    if (typeof stopLoss === 'number') this.#stop = this.#tickDown(average * (1 - stopLoss));
    if (typeof takeProfit === 'number') this.#target = this.#tickUp(average * (1 + takeProfit));
    if (typeof trailingStop === 'number') this.#trail = trailingStop;
    wish.quantity = this.#whole(wish.quantity - quantity);
    if (wish.quantity === 0) this.#wish = null;
  }

  #wantToBuy(kind: 'buy' | 'limit', quantity: number, price: number, ask: DecisionRecord): void {
    if (this.#isLargeEnough(quantity, price)) this.#want(kind, quantity, price, ask);
  }

  #want(kind: Wish['kind'], quantity: number, price: number, ask: DecisionRecord): void {
    this.#wish = { kind, quantity, price, seen: this.#close, ask, bars: ask.expiryBars ?? 1e9, bought: 0, paid: 0 };
  }

  #isLargeEnough(quantity: number, price: number): boolean {
    return quantity >= this.#rules.minQuantity && quantity * price >= this.#rules.minNotional;
  }

  #level(): number {
    return Math.max(this.#stop, this.#trailing());
  }

  #levelName(): string {
    return this.#trailing() > this.#stop ? 'trailing-stop' : 'stop';
  }

  #trailing(): number {
    return this.#trail === null ? Number.NEGATIVE_INFINITY : this.#tickDown(this.#best * (1 - this.#trail));
  }

  #take(wanted: number): number {
    const quantity = wanted <= this.#volume ? wanted : this.#steps(this.#volume);
    this.#volume -= quantity;
    return quantity;
  }

  #buyPrice(price: number): number {
    return this.#tickUp(price * (1 + this.#rules.halfSpreadRate + this.#rules.slippageRate));
  }

  #sellPrice(price: number): number {
    return this.#tickDown(price * (1 - this.#rules.halfSpreadRate - this.#rules.slippageRate));
  }

  #tickUp(price: number): number {
    return Math.ceil(price / this.#rules.tickSize - 1e-7) * this.#rules.tickSize;
  }

  #tickDown(price: number): number {
    return Math.floor(price / this.#rules.tickSize + 1e-7) * this.#rules.tickSize;
  }

  #steps(quantity: number): number {
    return Math.floor(quantity / this.#rules.stepSize + 1e-7) * this.#rules.stepSize;
  }

  #whole(quantity: number): number {
    return Math.round(quantity / this.#rules.stepSize) * this.#rules.stepSize;
  }
}
