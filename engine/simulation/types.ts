/** What a market charges and demands. Part of every result id. */
export interface MarketRules {
  readonly makerFeeRate: number;
  readonly takerFeeRate: number;
  /** Half the distance between bid and ask, as a ratio of the price; paid on every market fill. */
  readonly halfSpreadRate: number;
  /** Further adverse movement of a market fill, as a ratio of the price. */
  readonly slippageRate: number;
  /** Largest share of a bar's volume one fill may take; the rest waits for the next bar. */
  readonly volumeShare: number;
  readonly tickSize: number;
  readonly stepSize: number;
  /** Base asset. */
  readonly minQuantity: number;
  /** Quote asset. */
  readonly minNotional: number;
}

/** `by-hand` only at a venue: a person has taken it away and said so. */
export type ExitCause = 'decision' | 'stop' | 'take-profit' | 'trailing-stop' | 'horizon' | 'end-of-data' | 'by-hand';

export interface Fill {
  readonly time: number;
  readonly symbol: string;
  readonly side: 'buy' | 'sell';
  readonly quantity: number;
  readonly price: number;
  /** Quote asset. */
  readonly fee: number;
  readonly isMaker: boolean;
  readonly cause: 'entry' | ExitCause;
  readonly reason: string;
}

/** A position from the fill that opened it to the fill that closed it. */
export interface Trade {
  readonly symbol: string;
  readonly entryTime: number;
  readonly exitTime: number;
  readonly entryPrice: number;
  readonly exitPrice: number;
  readonly quantity: number;
  /** Entry and exit fees together, quote asset. */
  readonly fees: number;
  /** After all fees, quote asset. */
  readonly netResult: number;
  /** `netResult` as a ratio of the capital put in. */
  readonly netReturn: number;
  readonly barsHeld: number;
  /** Worst and best excursion of the open position, as ratios of the entry price. */
  readonly maxAdverseExcursion: number;
  readonly maxFavourableExcursion: number;
  readonly entryReason: string;
  readonly exitReason: string;
  readonly exitCause: ExitCause;
  /** The strategy version that opened the position, as the engine names it; empty in backtests. */
  readonly version: string;
}

/** One bar of one symbol, as it closed. */
export interface ClosedBar {
  readonly symbol: string;
  /** Open time, UTC milliseconds. */
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** Base asset. */
  readonly volume: number;
}

/** What a strategy is told about its position in one symbol. */
export interface PositionView {
  readonly symbol: string;
  /** Base asset; zero when flat. */
  readonly quantity: number;
  /** Quote asset; zero when flat. */
  readonly entryPrice: number;
  readonly barsHeld: number;
}

export interface SimulationSettings {
  /** In the order in which the strategy declares them: the order of reservations. */
  readonly symbols: readonly string[];
  readonly markets: Readonly<Record<string, MarketRules>>;
  /** Quote asset. */
  readonly capital: number;
  /** Length of a base bar, milliseconds. */
  readonly barMs: number;
  /** Decisions are submitted this many bars later than they were made; 0 outside the delay test. */
  readonly delayBars?: number;
}
