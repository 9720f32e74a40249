import { text } from '#bot/evidence/markdown.ts';
import { count, counted } from '#bot/evidence/numbers.ts';
import { money } from '#bot/proposers/claude/money.ts';
import type { Spending } from '#bot/proposers/claude/spending.ts';

type Sum = Pick<Spending, 'calls' | 'tokens' | 'money' | 'currency'>;

/** What some calls came to: `2 calls, 80 tokens, 0.0015 USD`. Amounts of different currencies stand side by side, never added up. */
export function spendingText(rows: readonly Sum[]): string {
  if (rows.length === 0) return 'nothing';
  const calls = rows.reduce((sum, row) => sum + row.calls, 0);
  const tokens = rows.reduce((sum, row) => sum + row.tokens, 0);
  return `${counted(calls, 'call')}, ${count(tokens)} tokens, ${priceText(rows)}`;
}

function priceText(rows: readonly Sum[]): string {
  const sums = new Map<string, number>();
  for (const { money: paid, currency } of rows)
    if (paid !== null && currency !== null) sums.set(currency, (sums.get(currency) ?? 0) + paid);
  if (sums.size === 0) return 'no price known';
  const amounts = [...sums].toSorted(([one], [other]) => (one < other ? -1 : 1));
  const isPart = rows.some((row) => row.money === null);
  return `${amounts.map(([currency, paid]) => `${money(paid)} ${text(currency)}`).join(' and ')}${isPart ? ' where a price is known' : ''}`;
}
