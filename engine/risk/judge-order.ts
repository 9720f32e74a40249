import { DENIALS, type DenialCode } from './denial.ts';
import { type CheckResult, entryChecks, marketChecks, type OrderCheck } from './order-checks.ts';
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
 * Judges one order before it is journalled and sent. Pure. A sale is asked only whether the market takes its numbers and whether so much
 * is held: an exit, a reduction or a protective stop passes everything else. A cancel is not judged at all.
 *
 * All checks are asked, whatever the others found; of several denials the one that stands first in `DENIALS` names the whole.
 */
export function judgeOrder(facts: OrderFacts, limits: TradingLimits): Judgement {
  return judgedBy(facts.order.side === 'sell' ? marketChecks : [...marketChecks, ...entryChecks], facts, limits);
}

/** The judgement of these checks, in whatever order they are asked. */
export function judgedBy(checks: readonly OrderCheck[], facts: OrderFacts, limits: TradingLimits): Judgement {
  const trace = checks.map((check) => check(facts, limits));
  const denials = trace.filter(({ passed }) => !passed).map(({ check }) => check);
  denials.sort((one, other) => rank.get(one)! - rank.get(other)!);
  return { denial: denials[0] ?? null, trace };
}
