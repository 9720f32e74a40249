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

export type OrderKind = 'market' | 'limit';
export type ExitCause = 'decision' | 'stop' | 'take-profit' | 'trailing-stop' | 'horizon' | 'end-of-data';

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
}
