/** What binds an order of one stage, every number known. Ratios unless the name says otherwise. */
export interface TradingLimits {
  /** False keeps this stage from opening anything. */
  readonly isAllowed: boolean;
  /** The most money at stake on the venue account, quote asset; null where none is at stake. Shares below are of the equity, or of this where the equity is more. */
  readonly maxCapital: number | null;
  readonly maxOrder: number;
  readonly maxSymbol: number;
  readonly maxStrategy: number;
  readonly maxGross: number;
  /** How far above the best ask, or the decision's close, a purchase may pay. */
  readonly collar: number;
  /** Of what the account's day began with. */
  readonly dailyLoss: number;
  /** Of the account's highest equity. */
  readonly maxDrawdown: number;
  /** Losing trades of one strategy in a row at which it opens nothing more. */
  readonly consecutiveLosses: number;
  readonly orderRate: { readonly orders: number; readonly windowMs: number };
  /** `ratio` of the capital that may be traded, purchases and sales together, within the window. */
  readonly turnover: { readonly ratio: number; readonly windowMs: number };
  /** The least distance to the target, in round trips' costs. */
  readonly minEdgeOverCost: number;
  readonly barAgeMs: number;
  readonly quoteAgeMs: number;
  readonly clockSkewMs: number;
  /** The stop of a position whose decision names none, as a distance below the entry; null gives none. */
  readonly defaultStop: number | null;
  readonly locks: LockRules;
}

/** When a symbol rests for one strategy. */
export interface LockRules {
  /** After `count` losing stops in a row, the oldest within `lookbackMs`. */
  readonly stops: { readonly count: number; readonly lookbackMs: number; readonly lockMs: number };
  /** When at least `trades` ended within `lookbackMs` and their net returns add up to less than `minReturn`. */
  readonly lowProfit: {
    readonly trades: number;
    readonly lookbackMs: number;
    readonly minReturn: number;
    readonly lockMs: number;
  };
  /** After any exit. */
  readonly cooldownMs: number;
}
