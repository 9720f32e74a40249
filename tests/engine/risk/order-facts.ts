import Big from 'big.js';
import type { OrderFacts } from '#engine/risk/order-facts.ts';
import { parseRiskPolicy, type RiskPolicy } from '#engine/risk/risk-policy.ts';
import { type TradingLimits, tradingLimits } from '#engine/risk/trading-limits.ts';

export const now = Date.UTC(2026, 2, 10, 12, 0, 5);

export function policyOf(text: string): RiskPolicy {
  const parsed = parseRiskPolicy(text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.policy;
}

/** Of a stage that may trade 1,000, with every limit tighter than what binds it by nature. */
export const limits: TradingLimits = tradingLimits(
  policyOf(`
stages: {}
live: { allowed: true, maxCapital: 1000, capitalSteps: [1] }
defaultStop: 0.1
orders: { live: { maxOrder: 0.3, maxStrategy: 0.5, collar: 0.01, consecutiveLosses: 3, minEdgeOverCost: 1.5 } }
account:
  maxGross: 0.8
  maxSymbol: 0.4
  dailyLoss: 0.05
  maxDrawdown: 0.2
  orderRate: { orders: 10, minutes: 1 }
  turnover: { ratio: 2, hours: 24 }
freshness: { barSeconds: 60, quoteSeconds: 10, clockSkewSeconds: 1 }
locks: { cooldownMinutes: 10 }
`),
  'live',
  true,
);

const purchase: OrderFacts = {
  strategy: 'alpha',
  stage: 'live',
  symbol: 'BTC/USD',
  now,
  order: { side: 'buy', quantity: new Big('2'), limitPrice: new Big('100.5'), stopPrice: null },
  market: {
    isActive: true,
    tickSize: new Big('0.1'),
    stepSize: new Big('0.01'),
    minQuantity: new Big('0.05'),
    minNotional: new Big('5'),
    maxQuantity: new Big('1000'),
    takerFeeRate: 0.002,
  },
  quote: { bid: new Big('99.9'), ask: new Big('100.1'), time: now - 1_000 },
  decision: { close: 100, closedAt: now - 5_000, stop: 0.05, target: 0.1 },
  cash: { free: new Big('500'), reserved: new Big('100') },
  held: new Big('0'),
  exposure: { equity: 1_000, symbol: 100, strategy: 150, gross: 300 },
  standing: {
    dailyLoss: 0.01,
    drawdown: 0.05,
    consecutiveLosses: 1,
    orders: 3,
    traded: 500,
    lockedUntil: { 'stops-in-a-row': 0, 'low-profit': 0, cooldown: 0 },
  },
  halt: 'active',
  isDeclared: true,
  frozen: null,
  duplicateOf: null,
  clock: { offsetMs: 100, uncertaintyMs: 50 },
};

/** A purchase of 2 at 100.5, which every check lets pass, but for what is told. */
export function purchaseWith(part: DeepPartial<OrderFacts> = {}): OrderFacts {
  return merged(purchase, part) as OrderFacts;
}

/** A sale at the market of all that is held, but for what is told. */
export function saleWith(part: DeepPartial<OrderFacts> = {}): OrderFacts {
  const sale = merged(purchase, { order: { side: 'sell', limitPrice: null }, held: new Big('2') });
  return merged(sale, part) as OrderFacts;
}

export type DeepPartial<T> = T extends Big | string | number | boolean | null ? T : { [K in keyof T]?: DeepPartial<T[K]> };

function merged(base: unknown, part: unknown): unknown {
  if (!isPlain(base) || !isPlain(part)) return part;
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(part)) result[key] = key in base ? merged(base[key], value) : value;
  return result;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
