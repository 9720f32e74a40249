/** What is behind the account and one of its strategies when an order is judged. */
export interface Standing {
  /** Lost since the day began, a ratio of what it began with; never below zero. */
  readonly dailyLoss: number;
  /** The fall from the highest equity, a ratio of it; never below zero. */
  readonly drawdown: number;
  /** Losing trades of the strategy in a row. */
  readonly consecutiveLosses: number;
  /** Orders sent within the window. */
  readonly orders: number;
  /** Purchases and sales within the window, quote asset. */
  readonly traded: number;
  /** Until when the strategy leaves the symbol alone, UTC milliseconds; 0 where it need not. */
  readonly lockedUntil: Readonly<Record<LockCode, number>>;
}

export const LOCK_CODES = ['stops-in-a-row', 'low-profit', 'cooldown'] as const;
export type LockCode = (typeof LOCK_CODES)[number];
