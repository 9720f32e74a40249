import type { DecisionRecord } from '#engine/contract/intent.ts';
import type { Denial } from '#engine/risk/denial.ts';
import type { NewDecision } from '#engine/store/engine-store.ts';

/** Every decision as the record keeps it, acted or not, with what stopped it. */
export function decisionRows(decisions: readonly DecisionRecord[], denials: readonly Denial[], isShadow: boolean): NewDecision[] {
  return decisions.map((decision) => {
    const { symbol, action, reason, ...terms } = decision;
    const outcome = outcomeOf(decision, denials, isShadow);
    return { symbol, action, reason, outcome, terms: outcome === 'accepted' ? JSON.stringify(terms) : null };
  });
}

function outcomeOf({ symbol, action }: DecisionRecord, denials: readonly Denial[], isShadow: boolean): string {
  if (action === 'hold') return 'held';
  if (isShadow) return 'shadow';
  const denial = denials.find((candidate) => candidate.symbol === symbol);
  return denial === undefined ? 'accepted' : `denied:${denial.code}`;
}
