import { code, table, text } from '#bot/evidence/markdown.ts';
import { minute, signedPercent } from '#bot/evidence/numbers.ts';
import type { StrategyReport } from '#engine/runtime/report.ts';
import type { CommentCommand } from '../command.ts';
import { asOfLine, result } from './figures.ts';
import { publishedReport, strategiesNamed } from './strategy-named.ts';

export const trades: CommentCommand = {
  name: 'trades',
  usage: '/trades [STRATEGY]',
  summary: 'list the newest closed trades, with their reasons',
  help: 'The newest closed trades, the last one first: result after fees, and why it was entered and left.',
  permission: 'read',
  needsPullRequest: false,
  wordsMax: 1,
  lane: 'answers',
  async answer({ words: [id] }, room) {
    const report = await publishedReport(room);
    const parts = strategiesNamed(report, id).map(tradesOf);
    return [...(parts.length === 0 ? ['Nothing is loaded.'] : parts), asOfLine(report)].join('\n\n');
  },
};

function tradesOf({ id, trades: closed, performance }: StrategyReport): string {
  if (closed.length === 0) return `**${id}** has closed no trade yet.`;
  const rows = closed
    .toReversed()
    .map((one) => [
      minute(one.exitTime),
      code(one.symbol),
      result(one.netResult),
      signedPercent(one.netReturn),
      text(`${one.entryReason} → ${one.exitReason} (${one.exitCause})`),
    ]);
  const columns = [
    { title: 'Closed, UTC', alignment: 'left' },
    { title: 'Symbol', alignment: 'left' },
    { title: 'Result', alignment: 'right' },
    { title: 'Return', alignment: 'right' },
    { title: 'Why', alignment: 'left' },
  ] as const;
  return `**${id}**: the newest ${closed.length} of ${performance.trades} trades.\n\n${table(columns, rows)}`;
}
