import { z } from 'zod';
import { emptyLedger, equityMarked, ledgerAnswered, RiskLedger } from './risk-ledger.ts';
import { ACTIVE, breachOf, type HaltEvent, haltAfter, TradingHalt } from './trading-halt.ts';
import type { TradingLimits } from './trading-limits.ts';

/** All that a venue account must remember to be judged, as plain JSON: whoever keeps it keeps it before what follows from it is sent. */
export const AccountRisk = z.strictObject({
  ledger: RiskLedger,
  halt: TradingHalt,
  /** When the order was given that a person gave last, UTC milliseconds: told again, after a restart, it changes nothing. */
  heardAt: z.int(),
});
export type AccountRisk = z.infer<typeof AccountRisk>;

export const newAccountRisk: AccountRisk = { ledger: emptyLedger, halt: ACTIVE, heardAt: 0 };

/** After the account was valued at fresh prices: a limit of the whole account that this shows as passed halts it. */
export function accountMarked(
  { ledger, halt, heardAt }: AccountRisk,
  mark: { readonly time: number; readonly value: number },
  limits: TradingLimits,
): AccountRisk {
  const marked = equityMarked(ledger, mark, limits);
  const breach = breachOf(marked, limits, mark.time);
  return { ledger: marked, halt: breach === null ? halt : haltAfter(halt, breach), heardAt };
}

/** After an order to the account, or the answer that nothing is held any more. A person who says `active` lets everything count anew. */
export function accountTold(risk: AccountRisk, event: HaltEvent): AccountRisk {
  if (event.kind !== 'said') return { ...risk, halt: haltAfter(risk.halt, event) };
  if (event.at <= risk.heardAt) return risk;
  const halt = haltAfter(risk.halt, event);
  const isAnswered = event.mode === 'active' && halt.mode === 'active';
  return { ledger: isAnswered ? ledgerAnswered(risk.ledger) : risk.ledger, halt, heardAt: event.at };
}
