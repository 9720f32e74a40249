import { RiskPolicy } from '#engine/risk/risk-policy.ts';
import type { Dice } from './dice.ts';

const minuteMs = 60_000;

/**
 * What main says may be lost. Limits are met now and then; losses may be large, or nothing would be traded after an hour.
 * @param capital about what the account has, quote asset
 */
export function drawPolicy(dice: Dice, barMs: number, capital: number): RiskPolicy {
  const orders = {
    maxOrder: dice.between(0.1, 0.8),
    maxStrategy: dice.between(0.2, 0.9),
    collar: dice.magnitude(0.002, 0.03),
    consecutiveLosses: dice.pick([4, 20, 1_000]),
    minEdgeOverCost: dice.pick([0, 0, 1]),
  };
  const loss = { maxDrawdown: dice.pick([0.002, 0.02, 0.9]), dailyLoss: dice.pick([0.003, 0.9]) };
  const barHours = barMs / (60 * minuteMs);
  return RiskPolicy.parse({
    stages: dice.chance(0.5) ? { paper: loss, canary: loss, live: loss } : {},
    live: {
      allowed: true,
      maxCapital: Math.round(capital * dice.pick([1, 1, 0.6, 1.5])),
      capitalSteps: [0.5, 1],
      capitalStep: dice.pick([1, 2, 2]),
    },
    ...(dice.chance(0.6) ? { defaultStop: dice.magnitude(0.005, 0.08) } : {}),
    orders: { paper: orders, canary: orders, live: orders },
    account: {
      maxGross: dice.between(0.3, 1),
      maxSymbol: dice.between(0.2, 0.9),
      dailyLoss: dice.pick([0.05, 0.3, 0.9]),
      maxDrawdown: dice.pick([0.1, 0.5, 0.9]),
      orderRate: { orders: dice.pick([3, 20, 100]), minutes: dice.pick([1, 10]) },
      turnover: { ratio: dice.pick([3, 20, 1_000]), hours: 24 },
    },
    freshness: {
      barSeconds: dice.pick([120, (2 * barMs) / 1_000]),
      quoteSeconds: dice.pick([30, 300]),
      clockSkewSeconds: dice.pick([2, 6]),
    },
    locks: {
      stops: { count: dice.pick([2, 50]), lookbackHours: 20 * barHours, lockHours: 10 * barHours },
      lowProfit: { trades: dice.pick([4, 100]), lookbackHours: 40 * barHours, minReturn: -0.05, lockHours: 10 * barHours },
      cooldownMinutes: dice.chance(0.3) ? (dice.whole(1, 3) * barMs) / minuteMs : 0,
    },
  });
}
