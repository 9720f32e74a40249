import { DENIALS, type DenialCode } from './denial.ts';
import { type CheckResult, entryChecks, marketChecks, type OrderCheck, saleChecks } from './order-checks.ts';
import type { OrderFacts } from './order-facts.ts';
import type { TradingLimits } from './trading-limits.ts';

export type { CheckResult } from './order-checks.ts';
export type { OrderFacts } from './order-facts.ts';
export type { TradingLimits } from './trading-limits.ts';

export interface Judgement {
  /** Null lets the order go. */
  readonly denial: DenialCode | null;
  /** What every check that was asked found, also those that passed. */
  readonly trace: readonly CheckResult[];
}

const rank = new Map(Object.keys(DENIALS).map((code, index) => [code, index]));

/**
 * Judges one order before it is journalled and sent. Pure. A sale is asked only whether the market is open and takes its numbers, whether
 * so much is held and whether the same is under way: halts and limits are not its business, and what is found is told and withholds
 * nothing. A cancel is not judged at all.
 *
 * All checks are asked, whatever the others found; of several denials the one that stands first in `DENIALS` names the whole.
 */
export function judgeOrder(facts: OrderFacts, limits: TradingLimits): Judgement {
  return judgedBy([...marketChecks, ...(facts.order.side === 'sell' ? saleChecks : entryChecks)], facts, limits);
}

/** The judgement of these checks, in whatever order they are asked. */
export function judgedBy(checks: readonly OrderCheck[], facts: OrderFacts, limits: TradingLimits): Judgement {
  const trace = checks.map((check) => check(facts, limits));
  const denials = trace.filter(({ passed }) => !passed).map(({ check }) => check);
  denials.sort((one, other) => rank.get(one)! - rank.get(other)!);
  return { denial: denials[0] ?? null, trace };
}
