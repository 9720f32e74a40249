import { code, table } from '#bot/evidence/markdown.ts';
import { amount, decimal, NO_VALUE, signedPercent } from '#bot/evidence/numbers.ts';
import type { StrategyReport } from '#engine/runtime/report.ts';
import type { CommentCommand } from '../command.ts';
import { asOfLine, result } from './figures.ts';
import { publishedReport, strategiesNamed } from './strategy-named.ts';

export const positions: CommentCommand = {
  name: 'positions',
  usage: '/positions [STRATEGY]',
  summary: 'show what is held, at which price, and where it would be closed',
  help: 'Every open position with its entry, the last close, what it would bring before fees, and its stop and target.',
  permission: 'read',
  needsPullRequest: false,
  wordsMax: 1,
  lane: 'answers',
  async answer({ words: [id] }, room) {
    const report = await publishedReport(room);
    const parts = strategiesNamed(report, id).map(positionsOf);
    return [...(parts.length === 0 ? ['Nothing is loaded.'] : parts), asOfLine(report)].join('\n\n');
  },
};

function positionsOf({ id, stage, equity, cash, positions: held, positionsOmitted }: StrategyReport): string {
  const head = `**${id}** (${stage}): equity ${amount(equity)}, of which ${amount(cash)} cash.`;
  if (held.length === 0) return `${head} It holds nothing.`;
  const rows = held.map((one) => [
    code(one.symbol),
    decimal(one.quantity, 6),
    decimal(one.entryPrice, 4),
    decimal(one.price, 4),
    `${result(one.unrealisedResult)} (${signedPercent(one.price / one.entryPrice - 1)})`,
    one.stop === null ? NO_VALUE : decimal(one.stop, 4),
    one.takeProfit === null ? NO_VALUE : decimal(one.takeProfit, 4),
    String(one.barsHeld),
  ]);
  const right = 'right' as const;
  const columns = [
    { title: 'Symbol', alignment: 'left' as const },
    ...['Quantity', 'Entry', 'Last close', 'Result before fees', 'Stop', 'Target', 'Bars held'].map((title) => ({
      title,
      alignment: right,
    })),
  ];
  const more = positionsOmitted === 0 ? [] : [`And ${positionsOmitted} more.`];
  return [head, table(columns, rows), ...more].join('\n\n');
}
