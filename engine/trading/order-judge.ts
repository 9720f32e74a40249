import Big from 'big.js';
import type { Stage } from '#engine/contract/manifest.ts';
import { type Judgement, judgeOrder } from '#engine/risk/judge-order.ts';
import type { ClockFacts } from '#engine/risk/order-facts.ts';
import type { HaltState } from '#engine/risk/pre-trade.ts';
import type { TradingLimits } from '#engine/risk/trading-limits.ts';
import { floorTo, least, ZERO } from './decimals.ts';
import type { Lane, Wish } from './lane.ts';
import type { Portfolio } from './portfolio.ts';
import { pairOf } from './position.ts';
import type { TraderParts } from './trader-parts.ts';

/** By what the orders of a strategy are judged. */
export interface OrderJudge {
  readonly parts: TraderParts;
  readonly around: {
    readonly portfolio: Portfolio;
    /** What the account really has of an asset; null before it was looked at. */
    actual(asset: string): Big | null;
    clockFacts(): ClockFacts;
  };
  readonly strategy: string;
  readonly stage: Stage;
  /** What its version trades. */
  readonly declared: readonly string[];
  readonly limits: TradingLimits;
  readonly halt: HaltState;
}

/** An entry, at the least that it may be protected by. @param expected what sales of this instant will bring, quote asset */
export function judgeEntry(judge: OrderJudge, lane: Lane, wish: Extract<Wish, { kind: 'enter' }>, expected: number): Judgement {
  const { parts, limits, strategy } = judge;
  const { venue, ledger } = parts;
  const price = wish.limitPrice.toNumber();
  const own = lane.position.opened;
  const kept = own?.stopPrice == null ? (own?.trailDistance ?? null) : 1 - own.stopPrice.toNumber() / price;
  const facts = {
    ...factsOf(judge, lane, expected),
    order: { side: 'buy', quantity: wish.quantity, limitPrice: wish.limitPrice, stopPrice: null },
    decision: {
      ...lastClose(judge, lane),
      stop: wish.terms.stopLoss ?? wish.terms.trailingStop ?? (kept !== null && kept > 0 ? kept : 'none'),
      target: wish.terms.takeProfit ?? 'none',
    },
    duplicateOf:
      ledger.journal.attempts(strategy, lane.symbol, wish.instant, 'entry') > 0 ? `${strategy} at ${wish.instant}` : null,
  } as const;
  if (venue.features.hasStopOrders) return judgeOrder(facts, limits);
  // No stop can rest there, whatever the decision or the policy names.
  const bare = { ...facts, decision: { ...facts.decision, stop: 'none' } } as const;
  return judgeOrder(bare, { ...limits, defaultStop: null });
}

/** Of what the account really has of what the strategy holds, all but what is to be left. */
export function judgeSale(judge: OrderJudge, lane: Lane, downTo: Big): Judgement {
  const { position, memory, orders } = lane;
  const { stepSize, maxQuantity } = marketOf(judge, lane);
  const wanted = floorTo(position.quantity.minus(downTo), stepSize);
  const actual = judge.around.actual(pairOf(lane.symbol).base);
  const under = [...orders.values()].find(({ row }) => row.role === 'exit')?.row.clientOrderId ?? 'a sale that waits';
  const isExiting = memory.wish?.kind === 'sell' && memory.wish.downTo.eq(0);
  const order = {
    side: 'sell',
    quantity: maxQuantity === null ? wanted : least(wanted, maxQuantity),
    limitPrice: null,
  } as const;
  return judgeOrder(
    {
      ...factsOf(judge, lane, 0),
      order: { ...order, stopPrice: null },
      decision: { ...lastClose(judge, lane), stop: 'none', target: 'none' },
      held: actual === null ? position.quantity : least(position.quantity, actual),
      duplicateOf: isExiting ? under : null,
    },
    judge.limits,
  );
}

function lastClose({ parts }: OrderJudge, { symbol }: Lane) {
  const close = parts.prices.close(symbol);
  return { close: close?.price ?? Number.NaN, closedAt: close?.at ?? Number.NEGATIVE_INFINITY };
}

/** What every order of the lane is judged by. @param expected what sales of this instant will bring, quote asset */
function factsOf(judge: OrderJudge, lane: Lane, expected: number) {
  const { parts, around, strategy, stage, declared, limits, halt } = judge;
  const { prices, clock, freezes, risk } = parts;
  const { symbol } = lane;
  const { portfolio } = around;
  const now = clock.now();
  const { quote } = pairOf(symbol);
  return {
    ...{ strategy, stage, symbol, now },
    market: marketOf(judge, lane),
    quote: prices.quote(symbol),
    cash: {
      free: (around.actual(quote) ?? ZERO).plus(new Big(expected.toFixed(8))),
      reserved: portfolio.reservedIn(quote, lane),
    },
    held: lane.position.quantity,
    exposure: portfolio.exposure(lane),
    standing: risk.standing(strategy, symbol, now, limits),
    halt,
    isDeclared: declared.includes(symbol),
    frozen: freezes.why(symbol),
    clock: around.clockFacts(),
  };
}

function marketOf({ parts }: OrderJudge, { symbol }: Lane) {
  return parts.markets.get(symbol)!;
}
