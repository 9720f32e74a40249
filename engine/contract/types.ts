/**
 * What a strategy is written against. A strategy is a pure machine: closed bars and its own state in,
 * decisions and state out. It sees no clock, no network, no file and no bar that has not closed.
 */

export type Timeframe = '1m' | '5m' | '15m' | '30m' | '1h' | '4h' | '1d';

/** A number the search may move. `default` must lie within [min, max]; values are snapped to `min + k·step`. */
export interface ParameterRange {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  /** One clause for the reviewer: what the number means, with its unit. */
  readonly description: string;
}

export type ParameterRanges = Readonly<Record<string, ParameterRange>>;
export type ParameterValues<P extends ParameterRanges = ParameterRanges> = { readonly [K in keyof P]: number };

/** The bar that has just closed. The object is reused from bar to bar: read it, do not keep it. */
export interface Bar {
  /** Open time, UTC milliseconds. */
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** In the base asset. */
  readonly volume: number;
}

/** A streaming indicator. `value` is NaN until enough bars have closed. */
export interface Indicator {
  readonly value: number;
  /** The value one bar (of the indicator's timeframe) earlier. */
  readonly previous: number;
  readonly isReady: boolean;
  /** True on the bar on which this went from at or below `other` to above it. `other` may be a level. */
  crossedAbove(other: Indicator | number): boolean;
  crossedBelow(other: Indicator | number): boolean;
}

/** The position in the current symbol, as the engine accounts for it. */
export interface Position {
  readonly isOpen: boolean;
  /** Base asset. Zero when flat. */
  readonly quantity: number;
  /** Average entry price in the quote asset; NaN when flat. */
  readonly entryPrice: number;
  /** Closed base bars since the entry filled; 0 on the entry bar. */
  readonly barsHeld: number;
  /** Unrealised result as a ratio of the entry price, before exit costs; 0 when flat. */
  readonly openReturn: number;
}

/**
 * Distances are ratios of the fill price: 0.02 is two per cent. Stops, target and horizon take effect when the order that carries them
 * buys, each in the place of the one before; those it does not name stay in force. A decision that buys nothing moves none of them.
 */
export interface Protection {
  readonly stopLoss?: number;
  readonly takeProfit?: number;
  /** Distance of a stop that follows the highest price since entry. */
  readonly trailingStop?: number;
  /** The entry is rejected when the fill would be worse than the decision's close by more than this ratio. */
  readonly slippageTolerance?: number;
  /** The position is closed after this many base bars. */
  readonly horizonBars?: number;
}

declare const decided: unique symbol;
/** Proof that a decision with a reason was made on this bar. Only the context hands it out. */
export interface Decision {
  readonly [decided]: true;
}

export interface Context<I = Record<string, Indicator>, P = Record<string, number>, S = unknown> {
  readonly symbol: string;
  readonly bar: Bar;
  /** Bars of this symbol that have closed so far, the warm-up included. */
  readonly barCount: number;
  /** The closed bar `barsAgo` bars back, 1 or more; throws beyond the declared warm-up. */
  ago(barsAgo: number): Bar;
  /** True when this base bar also closed a bar of the given higher timeframe. */
  closed(timeframe: Timeframe): boolean;
  readonly indicators: I;
  readonly parameters: P;
  readonly position: Position;
  /** Plain JSON, one per symbol; change it in place. Nothing else survives from one bar to the next. */
  readonly state: S;

  hold(reason: string): Decision;
  /**
   * Move the position in this symbol to `weight` (0 to 1) of the strategy's equity at the next open. A target that shrinks or keeps the
   * position ignores the protection it carries: what was set when it was bought stays in force.
   */
  target(weight: number, reason: string, protection?: Protection): Decision;
  /** Rest a buy at `price` until it is traded through or `expiryBars` have passed. */
  limit(weight: number, price: number, reason: string, options?: Protection & { readonly expiryBars?: number }): Decision;
  /** Close the position at the next open. */
  exit(reason: string): Decision;
  /** Withdraw this symbol's resting and pending orders. */
  cancel(reason: string): Decision;
}

export interface StrategyDefinition<P extends ParameterRanges = ParameterRanges, I = Record<string, Indicator>, S = unknown> {
  /** As the market data name them, `BASE/QUOTE`; also the order in which symbols decide when their bars close together. */
  readonly symbols: readonly string[];
  /** The base timeframe: decisions are made and stops are watched on its bars. */
  readonly timeframe: Timeframe;
  /** Base bars that must have closed before the first decision; also how far back `ago` reaches. */
  readonly warmupBars: (parameters: ParameterValues<P>) => number;
  readonly parameters: P;
  /** Built once per symbol. Higher timeframes are named in the indicator: `ema(21, { timeframe: '1d' })`. */
  readonly indicators: (parameters: ParameterValues<P>) => I;
  readonly state?: {
    readonly version: number;
    readonly initial: () => S;
    /** From an older version's state to this one's; without it a swap to a new version starts from `initial`. */
    readonly migrate?: (old: unknown, version: number) => S;
  };
  readonly onBar: (context: Context<I, ParameterValues<P>, S>) => Decision;
}
