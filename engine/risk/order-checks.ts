import Big from 'big.js';
import { highestPrice } from './collar.ts';
import type { DenialCode } from './denial.ts';
import { capitalOf } from './exposure.ts';
import type { OrderFacts } from './order-facts.ts';
import { LOCK_CODES, type LockCode } from './standing.ts';
import type { TradingLimits } from './trading-limits.ts';

/** What one check found. Amounts that must be exact are texts; null where something is not known, and then it has not passed. */
export interface CheckResult {
  readonly check: DenialCode;
  readonly passed: boolean;
  readonly value: number | string | null;
  readonly limit: number | string | null;
}

export type OrderCheck = (facts: OrderFacts, limits: TradingLimits) => CheckResult;

/** Whether the market takes these numbers. */
export const marketChecks: readonly OrderCheck[] = [offStep, offTick, belowMinimum, belowNotional, aboveMaximum, moreThanHeld];

/** What a sale is asked besides. Whether it is made does not hang on them. */
export const saleChecks: readonly OrderCheck[] = [marketInactive, duplicateIntent];

/** What a purchase must pass besides. Each stands alone: none knows what another found. */
export const entryChecks: readonly OrderCheck[] = [
  halted,
  liveNotAllowed,
  marketInactive,
  undeclaredSymbol,
  frozen,
  duplicateIntent,
  noProtection,
  staleData,
  staleQuote,
  clockSkew,
  priceCollar,
  noFreeCash,
  overOrder,
  overSymbol,
  overStrategy,
  overGross,
  dailyLoss,
  drawdown,
  consecutiveLosses,
  orderRate,
  turnover,
  edgeBelowCost,
  ...LOCK_CODES.map(
    (code): OrderCheck =>
      (facts) =>
        locked(code, facts),
  ),
];

// ── what the market takes ──────────────────────────────────────────────────────────────────────────────────────────────────

function offStep({ order, market }: OrderFacts): CheckResult {
  return exactly('off-step', order.quantity, market?.stepSize, isMultiple);
}

function offTick({ order, market }: OrderFacts): CheckResult {
  const prices = [order.limitPrice, order.stopPrice].filter((price) => price !== null);
  if (prices.length === 0) return { check: 'off-tick', passed: true, value: 'at the market', limit: text(market?.tickSize) };
  const off = prices.find((price) => !isMultiple(price, market?.tickSize ?? new Big(0)));
  return exactly('off-tick', off ?? prices[0], market?.tickSize, isMultiple);
}

function belowMinimum({ order, market }: OrderFacts): CheckResult {
  return exactly(
    'below-minimum',
    order.quantity,
    market?.minQuantity,
    (quantity, least) => quantity.gt(0) && quantity.gte(least),
  );
}

/** A sale that nobody can put a price on passes: the venue knows one, and nothing may keep an exit waiting for a quote. */
function belowNotional(facts: OrderFacts): CheckResult {
  const { order, market, quote, decision } = facts;
  const known = isPrice(decision.close) ? new Big(decision.close) : null;
  const here = (order.side === 'buy' ? quote?.ask : quote?.bid) ?? known;
  const price = order.limitPrice ?? order.stopPrice ?? here;
  if (price === null && order.side === 'sell' && market !== null) {
    return { check: 'below-notional', passed: true, value: 'no price', limit: text(market.minNotional) };
  }
  const worth = price === null ? null : order.quantity.times(price);
  return exactly('below-notional', worth, market?.minNotional, (value, least) => value.gte(least));
}

function aboveMaximum({ order, market }: OrderFacts): CheckResult {
  if (market !== null && market.maxQuantity === null) {
    return { check: 'above-maximum', passed: true, value: text(order.quantity), limit: 'none' };
  }
  return exactly('above-maximum', order.quantity, market?.maxQuantity, (quantity, most) => quantity.lte(most));
}

function moreThanHeld({ order, held }: OrderFacts): CheckResult {
  if (order.side === 'buy') return { check: 'more-than-held', passed: true, value: 'a purchase', limit: text(held) };
  return exactly('more-than-held', order.quantity, held, (quantity, most) => quantity.lte(most));
}

// ── whether anything may be opened now ─────────────────────────────────────────────────────────────────────────────────────

function halted({ halt }: OrderFacts): CheckResult {
  return { check: halt === 'active' ? 'halted' : halt, passed: halt === 'active', value: halt, limit: 'active' };
}

function liveNotAllowed({ stage }: OrderFacts, { isAllowed }: TradingLimits): CheckResult {
  return {
    check: 'live-not-allowed',
    passed: isAllowed === true,
    value: stage,
    limit: isAllowed === true ? stage : 'not allowed',
  };
}

function marketInactive({ market }: OrderFacts): CheckResult {
  const value = market === null ? null : market.isActive === true ? 'active' : 'inactive';
  return { check: 'market-inactive', passed: value === 'active', value, limit: 'active' };
}

function undeclaredSymbol({ symbol, isDeclared }: OrderFacts): CheckResult {
  return { check: 'undeclared-symbol', passed: isDeclared === true, value: symbol, limit: 'declared' };
}

function frozen({ frozen: why }: OrderFacts): CheckResult {
  return { check: 'frozen', passed: why === null, value: why ?? 'explained', limit: 'explained' };
}

function duplicateIntent({ duplicateOf }: OrderFacts): CheckResult {
  return { check: 'duplicate-intent', passed: duplicateOf === null, value: duplicateOf ?? 'none', limit: 'none' };
}

function noProtection({ decision }: OrderFacts, { defaultStop }: TradingLimits): CheckResult {
  const stop = decision.stop === 'none' ? defaultStop : decision.stop;
  const value = finite(stop);
  return { check: 'no-protection', passed: value !== null && value > 0 && value < 1, value, limit: 'between 0 and 1' };
}

// ── whether what is known is fresh ─────────────────────────────────────────────────────────────────────────────────────────

function staleData({ now, decision }: OrderFacts, { barAgeMs, clockSkewMs }: TradingLimits): CheckResult {
  return youngEnough('stale-data', now - decision.closedAt, barAgeMs, clockSkewMs);
}

function staleQuote({ now, quote }: OrderFacts, { quoteAgeMs, clockSkewMs }: TradingLimits): CheckResult {
  return youngEnough('stale-quote', quote === null ? null : now - quote.time, quoteAgeMs, clockSkewMs);
}

/** What comes from further ahead than clocks may differ is as doubtful as what is old. */
function youngEnough(check: DenialCode, age: number | null, most: number, ahead: number): CheckResult {
  const result = atMost(check, age, most);
  return { ...result, passed: result.passed && age! >= -ahead };
}

function clockSkew({ clock }: OrderFacts, { clockSkewMs }: TradingLimits): CheckResult {
  const { offsetMs, uncertaintyMs } = clock;
  const worst = uncertaintyMs >= 0 ? Math.abs(offsetMs) + uncertaintyMs : null;
  return atMost('clock-skew', worst, clockSkewMs);
}

// ── price, cash and size ───────────────────────────────────────────────────────────────────────────────────────────────────

function priceCollar(facts: OrderFacts, { collar }: TradingLimits): CheckResult {
  const { order, quote, decision } = facts;
  const highest = highestPrice(decision.close, quote?.ask ?? null, collar);
  return exactly('price-collar', order.limitPrice ?? quote?.ask, highest, (price, most) => price.gt(0) && price.lte(most));
}

function noFreeCash(facts: OrderFacts, limits: TradingLimits): CheckResult {
  const { order, market, cash } = facts;
  const price = dearestPrice(facts, limits);
  const feeRate = finite(market?.takerFeeRate);
  const cost = price === null || feeRate === null ? null : order.quantity.times(price).times(new Big(1).plus(feeRate));
  const free = isMissing(cash.free) || isMissing(cash.reserved) ? null : cash.free.minus(cash.reserved);
  return exactly('no-free-cash', cost, free, (value, most) => value.lte(most));
}

function overOrder(facts: OrderFacts, limits: TradingLimits): CheckResult {
  return within('over-order', 0, limits.maxOrder, facts, limits);
}

function overSymbol(facts: OrderFacts, limits: TradingLimits): CheckResult {
  return within('over-symbol', facts.exposure.symbol, limits.maxSymbol, facts, limits);
}

function overStrategy(facts: OrderFacts, limits: TradingLimits): CheckResult {
  return within('over-strategy', facts.exposure.strategy, limits.maxStrategy, facts, limits);
}

function overGross(facts: OrderFacts, limits: TradingLimits): CheckResult {
  return within('over-gross', facts.exposure.gross, limits.maxGross, facts, limits);
}

function turnover(facts: OrderFacts, limits: TradingLimits): CheckResult {
  return within('turnover', facts.standing.traded, limits.turnover.ratio, facts, limits);
}

/** What there is already and this order, against a share of the capital. */
function within(check: DenialCode, before: number, share: number, facts: OrderFacts, limits: TradingLimits): CheckResult {
  const worth = worthOf(facts, limits);
  // Below zero it would make room for more.
  const after = worth === null || !(before >= 0) ? null : before + worth;
  return atMost(check, after, share * capitalOf(facts.exposure, limits));
}

function worthOf(facts: OrderFacts, limits: TradingLimits): number | null {
  const price = dearestPrice(facts, limits);
  return price === null ? null : facts.order.quantity.times(price).toNumber();
}

/** What a purchase pays at worst: its limit; at the market, what the collar lets pass. */
function dearestPrice({ order, quote, decision }: OrderFacts, { collar }: TradingLimits): Big | null {
  return order.limitPrice ?? highestPrice(decision.close, quote?.ask ?? null, collar);
}

// ── what lies behind ───────────────────────────────────────────────────────────────────────────────────────────────────────

function dailyLoss({ standing }: OrderFacts, limits: TradingLimits): CheckResult {
  return atMost('daily-loss', standing.dailyLoss, limits.dailyLoss);
}

function drawdown({ standing }: OrderFacts, { maxDrawdown }: TradingLimits): CheckResult {
  return atMost('drawdown', standing.drawdown, maxDrawdown);
}

function consecutiveLosses({ standing }: OrderFacts, limits: TradingLimits): CheckResult {
  const result = atMost('consecutive-losses', standing.consecutiveLosses, limits.consecutiveLosses);
  return { ...result, passed: result.passed && standing.consecutiveLosses < limits.consecutiveLosses };
}

function orderRate({ standing }: OrderFacts, limits: TradingLimits): CheckResult {
  return atMost('order-rate', standing.orders + 1, limits.orderRate.orders);
}

/** A round trip pays the fee twice and the distance between bid and ask once. */
function edgeBelowCost({ decision, market, quote }: OrderFacts, { minEdgeOverCost }: TradingLimits): CheckResult {
  const check = 'edge-below-cost';
  const limit = finite(minEdgeOverCost);
  // Where no target is named there is nothing to hold the costs against: the evidence did.
  if (decision.target === 'none') return { check, passed: limit !== null, value: 'no target', limit };
  const edge = finite(decision.target);
  const feeRate = finite(market?.takerFeeRate);
  if (edge === null || feeRate === null || quote === null || !quote.bid.gt(0))
    return { check, passed: false, value: null, limit };
  const spread = quote.ask.minus(quote.bid).div(quote.bid).toNumber();
  const cost = 2 * feeRate + Math.max(0, spread);
  const value = cost > 0 ? edge / cost : Number.MAX_VALUE;
  return { check, passed: limit !== null && edge > 0 && value >= limit, value, limit };
}

function locked(check: LockCode, { now, standing }: OrderFacts): CheckResult {
  return atMost(check, standing.lockedUntil[check], now);
}

// ── how numbers are compared ───────────────────────────────────────────────────────────────────────────────────────────────

function atMost(check: DenialCode, value: number | null, limit: number): CheckResult {
  const known = finite(value);
  const most = finite(limit);
  return { check, passed: known !== null && most !== null && known <= most, value: known, limit: most };
}

function exactly(
  check: DenialCode,
  value: Big | null | undefined,
  limit: Big | null | undefined,
  isWithin: (value: Big, limit: Big) => boolean,
): CheckResult {
  const passed = !isMissing(value) && !isMissing(limit) && isWithin(value, limit);
  return { check, passed, value: text(value), limit: text(limit) };
}

function isMultiple(value: Big, unit: Big): boolean {
  return value.gt(0) && unit.gt(0) && value.mod(unit).eq(0);
}

function isMissing<T>(value: T | null | undefined): value is null | undefined {
  return value === null || value === undefined;
}

function isPrice(value: number): boolean {
  return Number.isFinite(value) && value > 0;
}

function finite(value: number | null | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function text(value: Big | null | undefined): string | null {
  return isMissing(value) ? null : value.toFixed();
}
