import type { RiskPolicy } from './risk-policy.ts';
import { type TradingLimits, tradingLimits } from './trading-limits.ts';

const hourMs = 3_600_000;

/** Each limit of orders: where it stands, its number, and which way it holds back less. */
const BOUNDS: readonly (readonly [name: string, wider: 'more' | 'less', of: (limits: TradingLimits) => number])[] = [
  ['capital at stake', 'more', ({ maxCapital }) => maxCapital ?? Number.POSITIVE_INFINITY],
  ['maxOrder', 'more', ({ maxOrder }) => maxOrder],
  ['maxStrategy', 'more', ({ maxStrategy }) => maxStrategy],
  ['maxSymbol', 'more', ({ maxSymbol }) => maxSymbol],
  ['maxGross', 'more', ({ maxGross }) => maxGross],
  ['collar', 'more', ({ collar }) => collar],
  ["the account's dailyLoss", 'more', ({ dailyLoss }) => dailyLoss],
  ["the account's maxDrawdown", 'more', ({ maxDrawdown }) => maxDrawdown],
  ['consecutiveLosses', 'more', ({ consecutiveLosses }) => consecutiveLosses],
  ['minEdgeOverCost', 'less', ({ minEdgeOverCost }) => minEdgeOverCost],
  ['orderRate.orders', 'more', ({ orderRate }) => orderRate.orders],
  ['orderRate.minutes', 'less', ({ orderRate }) => orderRate.windowMs / 60_000],
  ['turnover.ratio', 'more', ({ turnover }) => turnover.ratio],
  ['turnover.hours', 'less', ({ turnover }) => turnover.windowMs / hourMs],
  ['barSeconds', 'more', ({ barAgeMs }) => barAgeMs / 1000],
  ['quoteSeconds', 'more', ({ quoteAgeMs }) => quoteAgeMs / 1000],
  ['clockSkewSeconds', 'more', ({ clockSkewMs }) => clockSkewMs / 1000],
  // Without one an entry that names no stop is denied: any is wider than none.
  ['defaultStop', 'more', ({ defaultStop }) => defaultStop ?? 0],
  ['locks.stops.count', 'more', ({ locks }) => locks.stops.count],
  ['locks.stops.lookbackHours', 'less', ({ locks }) => locks.stops.lookbackMs / hourMs],
  ['locks.stops.lockHours', 'less', ({ locks }) => locks.stops.lockMs / hourMs],
  ['locks.lowProfit.trades', 'more', ({ locks }) => locks.lowProfit.trades],
  ['locks.lowProfit.minReturn', 'less', ({ locks }) => locks.lowProfit.minReturn],
  ['locks.lowProfit.lockHours', 'less', ({ locks }) => locks.lowProfit.lockMs / hourMs],
  ['locks.cooldownMinutes', 'less', ({ locks }) => locks.cooldownMs / 60_000],
];

/**
 * Where another policy holds back less than the one before, a clause each, what is left out counted as what it stands for. Limits of orders
 * are compared for the stages that trade with money.
 */
export function widenings(before: RiskPolicy, after: RiskPolicy): string[] {
  const found: string[] = [];
  if (after.live?.allowed === true && before.live?.allowed !== true) found.push('live.allowed from false to true');
  for (const stage of ['shadow', 'paper', 'canary', 'live'] as const) {
    for (const limit of ['maxDrawdown', 'dailyLoss'] as const) {
      const one = before.stages[stage]?.[limit];
      const other = after.stages[stage]?.[limit];
      if (one !== undefined && (other === undefined || other > one)) found.push(`stages.${stage}.${limit} ${change(one, other)}`);
    }
  }
  for (const stage of ['canary', 'live'] as const) {
    const [one, other] = [tradingLimits(before, stage, true), tradingLimits(after, stage, true)];
    for (const [name, wider, of] of BOUNDS) {
      const isWider = wider === 'more' ? of(other) > of(one) : of(other) < of(one);
      if (isWider) found.push(`${name} of ${stage} ${change(of(one), of(other))}`);
    }
  }
  return found;
}

function change(one: number, other: number | undefined): string {
  return `from ${one} to ${other ?? 'none'}`;
}
