import type { DecisionRecord } from '#engine/contract/intent.ts';
import type { Denial } from '#engine/risk/denial.ts';
import { intentTrace } from '#engine/risk/intent-trace.ts';
import type { HaltState } from '#engine/risk/pre-trade.ts';
import { intentOf } from '#engine/simulation/simulation.ts';
import type { NewDecision } from '#engine/store/engine-store.ts';

/** Every decision as the record keeps it, acted or not, with what was asked of it and what stopped it. @param halt under which it was made */
export function decisionRows(
  decisions: readonly DecisionRecord[],
  denials: readonly Denial[],
  isShadow: boolean,
  halt: HaltState,
): NewDecision[] {
  return decisions.map((decision) => {
    const { symbol, action, reason, ...terms } = decision;
    const outcome = outcomeOf(decision, denials, isShadow);
    const denial = denials.find((candidate) => candidate.symbol === symbol)?.code ?? null;
    const checks = isShadow ? [] : intentTrace(intentOf(decision), denial, halt);
    return { symbol, action, reason, outcome, terms: outcome === 'accepted' ? JSON.stringify(terms) : null, checks };
  });
}

function outcomeOf({ symbol, action }: DecisionRecord, denials: readonly Denial[], isShadow: boolean): string {
  if (action === 'hold') return 'held';
  if (isShadow) return 'shadow';
  const denial = denials.find((candidate) => candidate.symbol === symbol);
  return denial === undefined ? 'accepted' : `denied:${denial.code}`;
}
