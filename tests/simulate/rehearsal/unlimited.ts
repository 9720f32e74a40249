import type { TradingLimits } from '#engine/risk/trading-limits.ts';

/** Limits for a rehearsal that wants orders, as many as can be. */
export const unlimited: TradingLimits = {
  isAllowed: true,
  maxCapital: null,
  maxOrder: 0.5,
  maxSymbol: 1,
  maxStrategy: 1,
  maxGross: 1,
  collar: 0.02,
  dailyLoss: 1,
  maxDrawdown: 1,
  consecutiveLosses: 1_000_000,
  orderRate: { orders: 1_000_000, windowMs: 60_000 },
  turnover: { ratio: 1_000_000, windowMs: 60_000 },
  minEdgeOverCost: 0,
  barAgeMs: 60_000,
  quoteAgeMs: 60_000,
  clockSkewMs: 5_000,
  defaultStop: 0.02,
  locks: {
    stops: { count: 1_000_000, lookbackMs: 1, lockMs: 1 },
    lowProfit: { trades: 1_000_000, lookbackMs: 1, minReturn: -1, lockMs: 1 },
    cooldownMs: 0,
  },
  timeZone: 'UTC',
};
