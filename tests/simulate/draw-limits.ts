import type { TradingLimits } from '#engine/risk/trading-limits.ts';
import type { Dice } from './dice.ts';

const minuteMs = 60_000;

/** Limits that are met now and then; losses may be large, or nothing would be traded after an hour. */
export function drawLimits(dice: Dice, barMs: number): TradingLimits {
  return {
    isAllowed: true,
    maxCapital: dice.chance(0.3) ? Math.round(dice.magnitude(500, 50_000)) : null,
    maxOrder: dice.between(0.1, 0.8),
    maxSymbol: dice.between(0.2, 0.9),
    maxStrategy: dice.between(0.2, 0.9),
    maxGross: dice.between(0.3, 1),
    collar: dice.magnitude(0.002, 0.03),
    dailyLoss: dice.pick([0.05, 0.3, 0.9]),
    maxDrawdown: dice.pick([0.1, 0.5, 0.9]),
    consecutiveLosses: dice.pick([4, 20, 1_000]),
    orderRate: { orders: dice.pick([3, 20, 100]), windowMs: dice.pick([minuteMs, 10 * minuteMs]) },
    turnover: { ratio: dice.pick([3, 20, 1_000]), windowMs: 1_440 * minuteMs },
    minEdgeOverCost: dice.pick([0, 0, 1]),
    barAgeMs: dice.pick([2 * minuteMs, 2 * barMs]),
    quoteAgeMs: dice.pick([30_000, 5 * minuteMs]),
    clockSkewMs: dice.pick([2_000, 6_000]),
    defaultStop: dice.chance(0.6) ? dice.magnitude(0.005, 0.08) : null,
    locks: {
      stops: { count: dice.pick([2, 50]), lookbackMs: 20 * barMs, lockMs: 10 * barMs },
      lowProfit: { trades: dice.pick([4, 100]), lookbackMs: 40 * barMs, minReturn: -0.05, lockMs: 10 * barMs },
      cooldownMs: dice.chance(0.3) ? dice.whole(1, 3) * barMs : 0,
    },
    timeZone: 'UTC',
  };
}
