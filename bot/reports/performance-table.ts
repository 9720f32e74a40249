import { table } from '#bot/evidence/markdown.ts';
import { amount, count, day, decimal, NO_VALUE, percent, share, signedDecimal, signedPercent } from '#bot/evidence/numbers.ts';
import type { StrategyReport } from '#engine/runtime/report.ts';

/** Markdown, one column a strategy: each account since its first bar, whichever version traded. */
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
  ['Result of closed trades', ({ performance: { netResult } }) => signedDecimal(netResult, 2)],
  ['Fees paid', ({ performance: { fees } }) => amount(fees)],
  ['Mean trade', ({ performance: { expectancy } }) => signedPercent(expectancy)],
  ['Profit factor', ({ performance: { profitFactor } }) => decimal(profitFactor)],
  ['Time in the market', ({ performance: { exposure } }) => share(exposure)],
];
