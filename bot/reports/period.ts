import type { Night } from '#bot/evidence/ledger.ts';
import { code, text } from '#bot/evidence/markdown.ts';
import { amount, counted, day, decimal, minute, percent, signedDecimal, signedPercent } from '#bot/evidence/numbers.ts';
import type { ForwardEvidence } from '#bot/gates/forward-evidence.ts';
import { sparkline } from '#bot/orchestrator/dashboard/sparkline.ts';
import { spendingText } from '#bot/orchestrator/dashboard/spending-text.ts';
import type { Spending } from '#bot/proposers/claude/spending.ts';
import { healthTable, readinessText, shownSoFar } from '#bot/readiness/readiness-text.ts';
import type { EngineReport, ReportedTrade, StrategyReport } from '#engine/runtime/report.ts';
import { type BreachFacts, breachesText } from './breaches.ts';
import { performanceTable } from './performance-table.ts';
import { type PullRequestFacts, pullRequestsText } from './pull-requests.ts';

/** What a report of some days speaks of. The same facts give the same text. */
export interface PeriodFacts {
  /** What the engine last published; null when it has not yet. */
  readonly report: EngineReport | null;
  /** How many days of equity. */
  readonly days: number;
  /** When they end, UTC milliseconds; left out where no period bounds what is told. */
  readonly until?: { readonly market: number; readonly clock: number };
  /** Oldest first. */
  readonly nights: readonly Night[];
  /** Those that closed in the period; null when no period bounds them. */
  readonly trades: readonly StrategyTrades[] | null;
  /** Left out, as breaches, when they were not looked up. */
  readonly pulls?: PullRequestFacts;
  readonly breaches?: BreachFacts;
  /** What the versions that run have shown, as it was last published; left out when it was not looked up. */
  readonly forward?: readonly ForwardEvidence[];
  /** On which UTC days, both included, since a budget counts by them; null when what models cost is not known here. */
  readonly spent: { readonly from: string; readonly to: string; readonly models: readonly Spending[] } | null;
}

export interface StrategyTrades {
  readonly id: string;
  readonly trades: readonly Pick<ReportedTrade, 'exitTime' | 'netResult' | 'fees'>[];
  /** Without its record the engine’s newest trades are all there are: older ones of the period may be missing. */
  readonly mayLackOlder: boolean;
}

/** Markdown: accounts, trades, droughts, nights, pull requests, breaches, cost, and the order in force where it is not to trade. */
export function periodReport(facts: PeriodFacts): string {
  const { report, days, until, nights, trades, pulls, breaches, forward, spent } = facts;
  const parts: readonly (readonly [title: string, parts: readonly string[]])[] = [
    ['Order in force', report === null || report.control.mode === 'active' ? [] : [orderLine(report)]],
    ['Accounts', accountParts(report, days)],
    ['Trades', trades === null || trades.length === 0 ? [] : [trades.map(tradesLine).join('\n')]],
    ['Droughts', report === null || report.strategies.length === 0 ? [] : [report.strategies.map(drought).join('\n')]],
    ['Readiness', readinessParts(forward ?? [], days)],
    ['Nights', [nightLines(nights, trades === null ? 'There has been no night yet.' : 'No night was held in these days.')]],
    ['Pull requests', pulls === undefined ? [] : [pullRequestsText(pulls)]],
    ['Breaches', breaches === undefined ? [] : [breachesText(breaches), ...closestLimit(report)]],
    ['Cost', [...trialsLine(nights), ...(spent === null ? [] : [costLines(spent)])]],
  ];
  const sections = parts.flatMap(([title, texts]) => (texts.length === 0 ? [] : [`## ${title}`, ...texts]));
  return [...(until === undefined ? [] : headOf(days, until, report)), ...sections].join('\n\n');
}

function headOf(
  days: number,
  { market, clock }: NonNullable<PeriodFacts['until']>,
  report: EngineReport | null,
): readonly string[] {
  const title = `# ${days === 1 ? '24 hours' : counted(days, 'day')} up to ${minute(market)} UTC`;
  const asOf = report?.asOf ?? null;
  const sentences = [
    ...(day(market) === day(clock)
      ? []
      : [
          `That is the market’s time. Pull requests and what models cost are of as long up to ${minute(clock)} UTC by the clock on the wall.`,
        ]),
    ...(asOf === null || asOf === market ? [] : [`Accounts and droughts are the newest there are, of ${minute(asOf)} UTC.`]),
  ];
  return [title, ...(sentences.length === 0 ? [] : [sentences.join(' ')])];
}

function orderLine({ control: { mode, reason } }: EngineReport): string {
  return `The order in force is **${mode}**: ${text(reason)}`;
}

function accountParts(report: EngineReport | null, days: number): readonly string[] {
  if (report === null) return ['The engine has not published a report yet.'];
  const { strategies } = report;
  if (strategies.length === 0) return ['Nothing is loaded.'];
  return [strategies.map((strategy) => `- ${account(strategy, days)}`).join('\n'), performanceTable(strategies)];
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

/** Weekly, what each gate saw; day by day, one sentence and how the day’s work was done. */
function readinessParts(forward: readonly ForwardEvidence[], days: number): readonly string[] {
  if (days >= 7) return forward.flatMap((one) => [readinessText(one), healthTable(one)]).filter((part) => part !== '');
  return forward
    .flatMap((one) => [shownSoFar(one), healthTable({ health: one.health.slice(-days) })])
    .filter((part) => part !== '');
}

/** Of the version that runs. */
function drought({ id, truth }: StrategyReport): string {
  const { daysSinceSignal, daysSinceTrade, signals, trades, age } = truth;
  const since = (days: number | null, what: string): string =>
    days === null ? `no ${what} yet` : `${decimal(days, 1)} days since the last ${what}`;
  // A drought is long or short by what is usual.
  const usual = (times: number, what: string): readonly string[] =>
    age === null || times === 0 ? [] : [`a ${what} every ${decimal(age / times, 1)} days`];
  const pace = [...usual(signals, 'signal'), ...usual(trades, 'trade')];
  const mean = pace.length === 0 ? '' : `; on average ${pace.join(', ')}`;
  return `- **${id}**, the version that runs: ${since(daysSinceSignal, 'signal')}, ${since(daysSinceTrade, 'trade')}${mean}.`;
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
  return lines.join('\n');
}

/** Limits on losses; how much may be held is used up on any good day. */
const LOSSES: readonly string[] = ['drawdown', 'daily-loss'];

/** Of the limits on losses, the one of which most is taken. */
function closestLimit(report: EngineReport | null): readonly string[] {
  const losses = (report?.risk ?? []).filter(({ code, limit }) => LOSSES.includes(code) && limit > 0);
  const taken = losses.toSorted((a, b) => b.used / b.limit - a.used / a.limit)[0];
  if (taken === undefined) return [];
  const { title, strategy, used, limit } = taken;
  const whose = strategy === null ? 'the whole engine' : `**${strategy}**`;
  const what = `${title.charAt(0).toLowerCase()}${title.slice(1)}`;
  return [`Closest to a limit: ${whose}, ${text(what)}: ${percent(used)} where ${percent(limit)} is allowed.`];
}

function trialsLine(nights: readonly Night[]): readonly string[] {
  if (nights.length === 0) return [];
  const sum = (of: 'planned' | 'rejected' | 'asked'): number => nights.reduce((total, night) => total + night[of], 0);
  return [
    `${counted(nights.length, 'night')} took ${counted(sum('planned'), 'trial')}, ${sum('rejected')} of which were refused before they ran, and ${counted(sum('asked'), 'question')} to the selection data.`,
  ];
}

function costLines({ from, to, models }: NonNullable<PeriodFacts['spent']>): string {
  const when = from === to ? `on ${from}` : `from ${from} to ${to}`;
  if (models.length === 0) return `No model was asked anything ${when}.`;
  const lines = models.map((row) => `- ${code(row.model)} for ${text(row.purpose)}: ${spendingText([row])}`);
  return `What models cost ${when}, whole UTC days:\n\n${lines.join('\n')}`;
}
