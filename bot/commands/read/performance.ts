import { performanceTable } from '#bot/reports/performance-table.ts';
import type { CommentCommand } from '../command.ts';
import { asOfLine } from './figures.ts';
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
