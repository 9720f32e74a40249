import type { Stage } from '#engine/contract/manifest.ts';
import { DEFAULT_CAPITAL_STEPS, type RiskPolicy } from './risk-policy.ts';

/** What binds an order of one stage, every number known. Ratios unless the name says otherwise. */
export interface TradingLimits {
  /** False keeps this stage from opening anything. */
  readonly isAllowed: boolean;
  /**
   * The most money at stake on the venue account, quote asset; null where none is at stake. Shares below are of the equity, or of this
   * where the equity is more.
   */
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
  /** Where the day begins, an IANA name. */
  readonly timeZone: string;
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
  /** After any exit; 0 for none. */
  readonly cooldownMs: number;
}

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

/**
 * The limits of one stage, with what the file leaves out filled in: what suits a small account with one or a few strategies.
 * @param isRealMoney false for a rehearsal, which needs no permission and is bound by `maxCapital` only where the file names it
 */
export function tradingLimits(policy: RiskPolicy, stage: Stage, isRealMoney: boolean): TradingLimits {
  const { live, account, freshness, locks } = policy;
  const orders = policy.orders?.[stage];
  const stops = locks?.stops ?? { count: 3, lookbackHours: 48, lockHours: 24 };
  const lowProfit = locks?.lowProfit ?? { trades: 6, lookbackHours: 168, minReturn: -0.05, lockHours: 48 };
  const orderRate = account?.orderRate ?? { orders: 20, minutes: 1 };
  const turnover = account?.turnover ?? { ratio: 6, hours: 24 };
  return {
    isAllowed: !isRealMoney || live?.allowed === true,
    maxCapital: capitalAtStake(policy, stage, isRealMoney),
    maxOrder: orders?.maxOrder ?? 1,
    maxSymbol: account?.maxSymbol ?? 1,
    maxStrategy: orders?.maxStrategy ?? 1,
    maxGross: account?.maxGross ?? 1,
    collar: orders?.collar ?? 0.02,
    dailyLoss: account?.dailyLoss ?? 0.05,
    maxDrawdown: account?.maxDrawdown ?? 0.2,
    consecutiveLosses: orders?.consecutiveLosses ?? 8,
    orderRate: { orders: orderRate.orders, windowMs: orderRate.minutes * minuteMs },
    turnover: { ratio: turnover.ratio, windowMs: turnover.hours * hourMs },
    minEdgeOverCost: orders?.minEdgeOverCost ?? 1,
    barAgeMs: (freshness?.barSeconds ?? 120) * secondMs,
    quoteAgeMs: (freshness?.quoteSeconds ?? 30) * secondMs,
    clockSkewMs: (freshness?.clockSkewSeconds ?? 2) * secondMs,
    defaultStop: policy.defaultStop ?? null,
    locks: {
      stops: { count: stops.count, lookbackMs: stops.lookbackHours * hourMs, lockMs: stops.lockHours * hourMs },
      lowProfit: {
        trades: lowProfit.trades,
        lookbackMs: lowProfit.lookbackHours * hourMs,
        minReturn: lowProfit.minReturn,
        lockMs: lowProfit.lockHours * hourMs,
      },
      cooldownMs: (locks?.cooldownMinutes ?? 0) * minuteMs,
    },
    timeZone: policy.timeZone ?? 'UTC',
  };
}

function capitalAtStake({ live }: RiskPolicy, stage: Stage, isRealMoney: boolean): number | null {
  // Allowed or not: money for which no amount is written is none.
  if (live?.maxCapital === undefined) return isRealMoney ? 0 : null;
  const steps = live.capitalSteps ?? DEFAULT_CAPITAL_STEPS;
  const step = stage === 'live' ? (live.capitalStep ?? 1) : 1;
  return live.maxCapital * steps[step - 1]!;
}
