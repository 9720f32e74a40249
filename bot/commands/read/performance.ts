import { table } from '#bot/evidence/markdown.ts';
import { amount, count, day, decimal, NO_VALUE, percent, share, signedPercent } from '#bot/evidence/numbers.ts';
import type { StrategyReport } from '#engine/runtime/report.ts';
import type { CommentCommand } from '../command.ts';
import { asOfLine, result } from './figures.ts';
import { publishedReport, strategiesNamed } from './strategy-named.ts';

export const performance: CommentCommand = {
  name: 'performance',
  usage: '/performance [STRATEGY]',
  summary: 'show what was earned since the account began, after fees',
  help: 'Return, drawdown, trades, fees and exposure of each account since its first bar, whichever version traded. A dash means that there is nothing to divide by.',
  permission: 'read',
  needsPullRequest: false,
  wordsMax: 1,
  lane: 'answers',
  async answer({ words: [id] }, room) {
    const report = await publishedReport(room);
    const strategies = strategiesNamed(report, id);
    if (strategies.length === 0) return 'Nothing is loaded.';
    return `${performanceTable(strategies)}\n\n${asOfLine(report)}`;
  },
};

/** One column a strategy. */
export function performanceTable(strategies: readonly StrategyReport[]): string {
  const columns = [
    { title: '', alignment: 'left' as const },
    ...strategies.map(({ id, stage }) => ({ title: `${id} (${stage})`, alignment: 'right' as const })),
  ];
  const rows = ROWS.map(([title, cell]) => [title, ...strategies.map(cell)]);
  return table(columns, rows);
}

const ROWS: readonly (readonly [string, (strategy: StrategyReport) => string])[] = [
  ['Since', ({ performance: { since } }) => (since === null ? NO_VALUE : day(since))],
  ['Equity', ({ equity }) => amount(equity)],
  ['Return', ({ equity, capital }) => signedPercent(equity / capital - 1)],
  ['Deepest drawdown', ({ performance: { maxDrawdown } }) => percent(maxDrawdown)],
  ['Drawdown now', ({ performance: { drawdownNow } }) => percent(drawdownNow)],
  ['Closed trades', ({ performance: own }) => count(own.trades)],
  ['Win rate', ({ performance: { winRate } }) => share(winRate)],
  ['Result of closed trades', ({ performance: { netResult } }) => result(netResult)],
  ['Fees paid', ({ performance: { fees } }) => amount(fees)],
  ['Mean trade', ({ performance: { expectancy } }) => signedPercent(expectancy)],
  ['Profit factor', ({ performance: { profitFactor } }) => decimal(profitFactor)],
  ['Time in the market', ({ performance: { exposure } }) => share(exposure)],
];
