import type { CandleColumns } from '#engine/candles/types.ts';
import { createIntent, type Intent } from '#engine/contract/intent.ts';
import { infinity, missing } from '#engine/contract/intrinsics.ts';
import { Grid } from './grid.ts';
import type { ExitCause, MarketRules, PositionView } from './types.ts';

// Bundled into the strategy realm: no Node imports here. Numbers that are absent are NaN, so that fields keep one machine type.

/** The position in one symbol. Flat when `quantity` is 0; everything else is then without meaning. */
export class HeldPosition {
  quantity = 0;
  /** What the quantity still held has cost, fees apart. */
  cost = 0;
  boughtQuantity = 0;
  boughtCost = 0;
  soldQuantity = 0;
  soldValue = 0;
  /** Entry and exit fees since the position was opened. */
  fees = 0;
  entryTime = 0;
  entryReason = '';
  version = '';
  barsHeld = 0;
  /** Worst and best ratio of price to entry price, less 1. */
  adverse = 0;
  favourable = 0;
  stopPrice = missing;
  takePrice = missing;
  trailDistance = missing;
  /** Highest price since entry, up to the bar before the current one. */
  trailHigh = 0;
  /** Bars until the horizon closes the position; NaN without one. */
  horizonLeft = missing;
  /** Set while a protective exit waits for volume. */
  exiting: ExitCause | null = null;
  isEntryBar = false;
  /** The entry filled inside the bar: what the bar did before it is unknown. */
  isInsideEntry = false;
}

/** The one order a symbol may have waiting. */
export class WaitingOrder {
  kind: 'none' | 'buy' | 'sell' | 'limit' = 'none';
  /** Still to be filled, base asset; a complete exit sells whatever is held. */
  quantity = 0;
  isCompleteExit = false;
  filledQuantity = 0;
  filledCost = 0;
  limitPrice = 0;
  barsLeft = missing;
  decisionClose = 0;
  /** Quote asset set aside for it. */
  reserved = 0;
  hasRested = false;
  reason = '';
  stopLoss = missing;
  takeProfit = missing;
  trailingStop = missing;
  slippageTolerance = missing;
  horizonBars = missing;
}

/** No bar yet: an index into nothing reads as undefined, and `hasBar` keeps anyone from reading. */
const NO_COLUMNS: CandleColumns = (() => {
  const none = new Float64Array(0);
  return { time: none, open: none, high: none, low: none, close: none, volume: none };
})();

/** Everything the simulation knows about one symbol. As a `PositionView` it always shows what is held now. */
export class Book implements PositionView {
  readonly symbol: string;
  readonly rules: MarketRules;
  readonly ticks: Grid;
  readonly steps: Grid;
  readonly position = new HeldPosition();
  readonly order = new WaitingOrder();

  hasBar = false;
  /** The current bar is the one at `at`; it is read where it lies, because most bars are asked for their close alone. */
  columns: CandleColumns = NO_COLUMNS;
  at = 0;
  /** The bar up to which the mark and what is held have been brought; behind `at` while bars pass quietly. */
  agedTo = 0;
  /** Lowest and highest price since the last fill: excursions at the same entry price can only grow beyond these. */
  lowSinceFill = infinity;
  highSinceFill = -infinity;
  /** What fills may still take of this bar's volume, base asset. */
  volumeLeft = 0;
  /** The mark: last close seen; NaN before the first bar. */
  lastClose = missing;

  /** The decision placed on this bar, until it becomes an order. */
  intent: Intent | null = null;
  /** Decisions held back by the delay test, oldest first, with the close each was made on. */
  readonly delayed: { intent: Intent; close: number }[] = [];
  decisionClose = 0;

  constructor(symbol: string, rules: MarketRules, delayBars: number) {
    this.symbol = symbol;
    this.rules = rules;
    this.ticks = new Grid(rules.tickSize);
    this.steps = new Grid(rules.stepSize);
    for (let index = 0; index < delayBars; index += 1) this.delayed.push({ intent: createIntent(), close: 0 });
  }

  get open(): number {
    return this.columns.open[this.at]!;
  }

  get high(): number {
    return this.columns.high[this.at]!;
  }

  get low(): number {
    return this.columns.low[this.at]!;
  }

  get close(): number {
    return this.columns.close[this.at]!;
  }

  get quantity(): number {
    return this.position.quantity;
  }

  get barsHeld(): number {
    return this.position.quantity > 0 ? this.position.barsHeld + this.at - this.agedTo : 0;
  }

  get entryPrice(): number {
    return this.position.quantity > 0 ? this.position.cost / this.position.quantity : 0;
  }

  /** Price of a market buy when the market stands at `price`: half the spread and the slippage worse, on the tick above. */
  buyPrice(price: number): number {
    return this.ticks.ceil(price * (1 + this.rules.halfSpreadRate + this.rules.slippageRate));
  }

  /** Price of a market sale when the market stands at `price`: half the spread and the slippage worse, on the tick below. */
  sellPrice(price: number): number {
    return this.ticks.floor(price * (1 - this.rules.halfSpreadRate - this.rules.slippageRate));
  }
}

export function withdrawOrder(book: Book): void {
  book.order.kind = 'none';
  book.order.reserved = 0;
}
