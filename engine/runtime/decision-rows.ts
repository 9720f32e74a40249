import type { DecisionRecord } from '#engine/contract/intent.ts';
import type { Instant } from '#engine/feeds/feed.ts';
import type { Denial } from '#engine/risk/denial.ts';
import { intentTrace } from '#engine/risk/intent-trace.ts';
import type { CheckResult } from '#engine/risk/judge-order.ts';
import type { HaltState } from '#engine/risk/pre-trade.ts';
import { intentOf } from '#engine/simulation/simulation.ts';
import type { NewDecision, StrategyStep } from '#engine/store/engine-store.ts';
import type { OrderTrace } from '#engine/trading/account-record.ts';

/** What came of the decisions of one instant. */
export interface Taken {
  readonly denials: readonly Denial[];
  /** The judgements of their orders. */
  readonly judged: readonly OrderTrace[];
  readonly isShadow: boolean;
  /** Under which they were made. */
  readonly halt: HaltState;
}

/** Every decision as the record keeps it, acted or not, with what was asked of it and what stopped it. */
export function decisionRows(decisions: readonly DecisionRecord[], taken: Taken): NewDecision[] {
  return decisions.map((decision) => {
    const { symbol, action, reason, ...terms } = decision;
    const outcome = outcomeOf(decision, taken);
    const checks = taken.isShadow ? [] : checksOf(decision, taken);
    return { symbol, action, reason, outcome, terms: outcome === 'accepted' ? JSON.stringify(terms) : null, checks };
  });
}

/**
 * The same step, each of its decisions with how old the bar was that it was made on, and what was waited for in vain. A bar of an hour is
 * known with the last of its minutes; where nothing of its market traded in that, when all others that close then are.
 */
export function withAges(step: StrategyStep, { time, bars, ages, missing }: Instant): StrategyStep {
  const decisions = step.decisions.map((decision) => {
    const index = bars.findIndex(({ symbol }) => symbol === decision.symbol);
    const knownAfterMs = index < 0 ? Math.max(0, ...ages) : ages[index]!;
    // Clocks agree to some milliseconds only, and no bar is known before it closes.
    return { ...decision, ageMs: Math.max(0, Math.round(time - step.instant + knownAfterMs)), missing };
  });
  return { ...step, decisions };
}

function outcomeOf({ symbol, action }: DecisionRecord, { denials, isShadow }: Taken): string {
  if (action === 'hold') return 'held';
  if (isShadow) return 'shadow';
  const denial = denials.find((candidate) => candidate.symbol === symbol);
  return denial === undefined ? 'accepted' : `denied:${denial.code}`;
}

/** What the intent was asked, and then its order; an order that was judged has passed the former, and asks for halts itself. */
function checksOf(decision: DecisionRecord, { denials, judged, halt }: Taken): CheckResult[] {
  const order = judged.filter(({ symbol }) => symbol === decision.symbol).flatMap(({ trace }) => trace);
  const denial = denials.find(({ symbol }) => symbol === decision.symbol)?.code ?? null;
  const isJudged = order.length > 0;
  const asked = intentTrace(intentOf(decision), isJudged ? null : denial, halt);
  return isJudged ? [...asked.filter(({ check }) => check !== 'halted'), ...order] : asked;
}
