import { count } from '#bot/evidence/numbers.ts';
import type { Exchange } from './model.ts';
import { money } from './money.ts';

/** What an exchange took, and what is left of the day: a clause each for tokens and for money, Markdown. */
export function spent({ tokens, left, dailyTokens, money: spentMoney }: Exchange<unknown>): string {
  const took = tokens === null ? [] : [`${count(tokens.read)} tokens read, ${count(tokens.written)} written`];
  return [...took, `${count(left)} of ${count(dailyTokens)} are left today`, ...moneySpent(spentMoney)].join('; ');
}

function moneySpent(of: Exchange['money']): readonly string[] {
  if (of === null) return [];
  const { spent, left, daily, currency } = of;
  const rest = left === null || daily === null ? '' : `, and ${money(left)} of ${money(daily)} ${currency} are left today`;
  return [`it cost ${money(spent)} ${currency}${rest}`];
}
