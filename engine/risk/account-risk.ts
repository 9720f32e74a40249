import { z } from 'zod';
import { emptyLedger, equityMarked, ledgerAnswered, RiskLedger } from './risk-ledger.ts';
import { ACTIVE, breachOf, type HaltEvent, haltAfter, TradingHalt } from './trading-halt.ts';
import type { TradingLimits } from './trading-limits.ts';

/** All that a venue account must remember to be judged, as plain JSON: whoever keeps it keeps it before what follows from it is sent. */
export const AccountRisk = z.strictObject({ ledger: RiskLedger, halt: TradingHalt });
export type AccountRisk = z.infer<typeof AccountRisk>;

export const newAccountRisk: AccountRisk = { ledger: emptyLedger, halt: ACTIVE };

/** After the account was valued at fresh prices: a limit of the whole account that this shows as passed halts it. */
export function accountMarked(
  { ledger, halt }: AccountRisk,
  mark: { readonly time: number; readonly value: number },
  limits: TradingLimits,
): AccountRisk {
  const marked = equityMarked(ledger, mark, limits);
  const breach = breachOf(marked, limits, mark.time);
  return { ledger: marked, halt: breach === null ? halt : haltAfter(halt, breach) };
}

/** After an order to the account, or the answer that nothing is held any more. A person who says `active` lets everything count anew. */
export function accountTold({ ledger, halt }: AccountRisk, event: HaltEvent): AccountRisk {
  const next = haltAfter(halt, event);
  const isAnswered = event.kind === 'said' && event.mode === 'active' && next.mode === 'active';
  return { ledger: isAnswered ? ledgerAnswered(ledger) : ledger, halt: next };
}
