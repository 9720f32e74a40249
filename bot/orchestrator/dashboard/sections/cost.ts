import { code, table, text } from '#bot/evidence/markdown.ts';
import { count, counted } from '#bot/evidence/numbers.ts';
import { money } from '#bot/proposers/claude/money.ts';
import type { Spending } from '#bot/proposers/claude/spending.ts';
import type { DashboardFacts } from '../facts.ts';
import type { ModelCost } from '../model-cost.ts';
import { spendingText } from '../spending-text.ts';

/** Nights that count as lately. */
const NIGHTS = 7;

/** What nights cost in trials, and models in tokens and money. Empty while there is nothing to tell of either. */
export function costSection({ nights, models }: Pick<DashboardFacts, 'nights' | 'models'>): string {
  const parts = [...nightsPart(nights), ...(models === null ? [] : [models.ok ? modelsPart(models.value) : text(models.why)])];
  return parts.length === 0 ? '' : ['## Cost', ...parts].join('\n\n');
}

function nightsPart(nights: DashboardFacts['nights']): readonly string[] {
  if (!nights.ok || nights.value.length === 0) return [];
  const lately = nights.value.slice(-NIGHTS);
  const sum = (of: 'planned' | 'rejected' | 'asked'): number => lately.reduce((total, night) => total + night[of], 0);
  const asked = `${counted(sum('asked'), 'question')} to the selection data`;
  return [
    `${lately.length === 1 ? 'The last night' : `The last ${lately.length} nights`} took ${counted(sum('planned'), 'trial')}, ${sum('rejected')} of which were refused before they ran, and ${asked}.`,
  ];
}

function modelsPart({ day, today, month, budget }: ModelCost): string {
  const monthName = day.slice(0, 7);
  const sentences = [
    ...(budget === null ? ['No model is configured, so nothing is spent on one.'] : []),
    ...(budget !== null && month.length === 0 ? [`No model was asked anything in ${monthName}.`] : []),
    ...(budget === null ? [] : [leftText(day, budget)]),
  ].join(' ');
  if (month.length === 0) return sentences;
  const columns = [
    { title: 'Model', alignment: 'left' },
    { title: 'For', alignment: 'left' },
    { title: `On ${day}`, alignment: 'left' },
    { title: `In ${monthName}`, alignment: 'left' },
  ] as const;
  const rows = month.map((row) => [
    code(row.model),
    text(row.purpose),
    spendingText(today.filter((other) => isSame(row, other))),
    spendingText([row]),
  ]);
  const all = rows.length === 1 ? [] : [['all', '', spendingText(today), spendingText(month)]];
  return `${sentences}\n\n${table(columns, [...rows, ...all])}`;
}

function isSame(one: Spending, other: Spending): boolean {
  return one.model === other.model && one.purpose === other.purpose && one.currency === other.currency;
}

function leftText(day: string, { daily, left }: NonNullable<ModelCost['budget']>): string {
  const tokens = `${count(left.tokens)} of ${count(daily.dailyTokens)} tokens`;
  const rest =
    left.money === null || daily.dailyMoney === null
      ? '; money has no limit'
      : ` and ${money(left.money)} of ${money(daily.dailyMoney)} ${text(daily.currency)}`;
  return `Left of the budget of ${day}: ${tokens}${rest}.`;
}
