import type { Allowance, Left } from '#bot/proposers/claude/budget.ts';
import { type Spending, spending } from '#bot/proposers/claude/spending.ts';

/** What models cost, and what they may. */
export interface ModelCost {
  /** UTC day, `YYYY-MM-DD`. */
  readonly day: string;
  readonly today: readonly Spending[];
  /** From the first of the month up to `day`, which is part of it. */
  readonly month: readonly Spending[];
  /** What a day may cost, and what is left of this one; null where no model is configured. */
  readonly budget: { readonly daily: Allowance; readonly left: Left } | null;
}

/**
 * What models cost today and this month, in UTC days. Reads only.
 * @param dir the bot's own folder, which holds the budget @param allowance null where no model is configured
 * @param now UTC milliseconds
 * @throws RatchetError `model/bad-spending`
 */
export function modelCost(dir: string, allowance: Allowance | null, now: number): ModelCost {
  const day = new Date(now).toISOString().slice(0, 10);
  const today = spending(dir, day, day);
  const month = spending(dir, `${day.slice(0, 7)}-01`, day);
  return { day, today, month, budget: allowance === null ? null : { daily: allowance, left: leftOf(today, allowance) } };
}

/** As the budget itself counts: tokens whatever they were paid in, money in its own currency only. */
function leftOf(today: readonly Spending[], { dailyTokens, dailyMoney, currency }: Allowance): Left {
  const tokens = today.reduce((sum, row) => sum + row.tokens, 0);
  const paid = today.reduce((sum, row) => sum + (row.currency === currency ? (row.money ?? 0) : 0), 0);
  return {
    tokens: Math.max(0, dailyTokens - tokens),
    money: dailyMoney === null ? null : Math.max(0, dailyMoney - paid),
  };
}
