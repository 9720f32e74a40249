import type { Night } from '#bot/evidence/ledger.ts';
import { code, plain, text } from '#bot/evidence/markdown.ts';
import { amount, counted, day, decimal, minute, signedDecimal, signedPercent } from '#bot/evidence/numbers.ts';
import { sparkline } from '#bot/orchestrator/dashboard/sparkline.ts';
import { spendingText } from '#bot/orchestrator/dashboard/spending-text.ts';
import type { MergeRecord } from '#bot/orchestrator/life/merge-log.ts';
import type { Spending } from '#bot/proposers/claude/spending.ts';
import type { EngineReport, ReportedTrade, StrategyReport } from '#engine/runtime/report.ts';
import { performanceTable } from './performance-table.ts';

/** What a report of some days speaks of. The same facts give the same text. */
export interface PeriodFacts {
  /** What the engine last published; null when it has not yet. */
  readonly report: EngineReport | null;
  /** How many days of equity. */
  readonly days: number;
  /** Oldest first. */
  readonly nights: readonly Night[];
  /** Those that closed in the period; null when no period bounds them. */
  readonly trades: readonly StrategyTrades[] | null;
  /** Null when they were not looked up. */
  readonly merged: readonly MergeRecord[] | null;
  /** Null when what models cost is not known here. */
  readonly spent: readonly Spending[] | null;
}

export interface StrategyTrades {
  readonly id: string;
  readonly trades: readonly ReportedTrade[];
  /** The engine publishes the newest trades only: older ones of the period may be missing. */
  readonly mayLackOlder: boolean;
}

/** Markdown: accounts, trades, droughts, nights, merges, cost and the order in force. */
export function periodReport(facts: PeriodFacts): string {
  const { report, days, nights, trades, merged, spent } = facts;
  return [
    ...(report === null ? ['The engine has not published a report yet.'] : engineParts(report, days)),
    ...(trades === null || trades.length === 0 ? [] : [trades.map(tradesLine).join('\n')]),
    nightLines(nights, trades === null ? 'There has been no night yet.' : 'No night was held in these days.'),
    ...(merged === null ? [] : [mergedLines(merged)]),
    ...(spent === null ? [] : [costLines(spent)]),
  ].join('\n\n');
}

function engineParts({ strategies, control }: EngineReport, days: number): readonly string[] {
  const halt = control.mode === 'active' ? [] : [`The order in force is **${control.mode}**: ${text(control.reason)}`];
  if (strategies.length === 0) return ['Nothing is loaded.', ...halt];
  return [
    strategies.map((strategy) => `- ${account(strategy, days)}`).join('\n'),
    performanceTable(strategies),
    strategies.map(drought).join('\n'),
    ...halt,
  ];
}

function account({ id, dailyEquity, capital }: StrategyReport, days: number): string {
  const [last, before] = [dailyEquity.at(-1), dailyEquity.at(-1 - days)];
  if (last === undefined) return `**${id}**: no day yet.`;
  const [since, from] = before ?? [dailyEquity[0]![0], capital];
  const change = signedPercent(last[1] / from - 1);
  const line = sparkline(
    dailyEquity.map(([, value]) => value),
    days + 1,
  );
  return `**${id}** ${line} ${amount(last[1])} on ${day(Date.parse(last[0]))}, ${change} since ${since}.`;
}

/** Of the version that runs. */
function drought({ id, truth: { daysSinceSignal, daysSinceTrade } }: StrategyReport): string {
  const since = (days: number | null, what: string): string =>
    days === null ? `no ${what} yet` : `${decimal(days, 1)} days since the last ${what}`;
  return `- **${id}**, the version that runs: ${since(daysSinceSignal, 'signal')}, ${since(daysSinceTrade, 'trade')}.`;
}

function tradesLine({ id, trades, mayLackOlder }: StrategyTrades): string {
  const result = trades.reduce((sum, { netResult }) => sum + netResult, 0);
  const fees = trades.reduce((sum, trade) => sum + trade.fees, 0);
  const lack = mayLackOlder ? ' At least: the engine publishes its newest trades only.' : '';
  const sums = trades.length === 0 ? '' : `, ${signedDecimal(result)} after ${amount(fees)} of fees`;
  return `- **${id}** closed ${counted(trades.length, 'trade')} in these days${sums}.${lack}`;
}

function nightLines(nights: readonly Night[], none: string): string {
  if (nights.length === 0) return none;
  const lines = nights
    .toReversed()
    .map(({ cycle, decision, reason }) =>
      `- \`${cycle}\`: **${decision === null ? 'not ended' : code(decision)}**. ${text(reason ?? '')}`.trimEnd(),
    );
  return `The last nights:\n\n${lines.join('\n')}`;
}

function mergedLines(merged: readonly MergeRecord[]): string {
  if (merged.length === 0) return 'Nothing was merged.';
  const lines = merged.map(
    ({ number, title, by, mergedAt }) => `- ${number}, ${plain(title)}, by ${text(by)} at ${minute(Date.parse(mergedAt))} UTC`,
  );
  return `Merged:\n\n${lines.join('\n')}`;
}

/** Amounts of different currencies are never added up. */
function costLines(spent: readonly Spending[]): string {
  if (spent.length === 0) return 'No model was asked anything.';
  const lines = spent.map((row) => `- ${code(row.model)} for ${text(row.purpose)}: ${spendingText([row])}`);
  return `What models cost:\n\n${lines.join('\n')}`;
}
