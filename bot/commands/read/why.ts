import { code, table, text } from '#bot/evidence/markdown.ts';
import { minute } from '#bot/evidence/numbers.ts';
import type { StrategyReport } from '#engine/runtime/report.ts';
import type { CommentCommand } from '../command.ts';
import { asOfLine } from './figures.ts';
import { publishedReport, strategiesNamed } from './strategy-named.ts';

export const why: CommentCommand = {
  name: 'why',
  usage: '/why [STRATEGY] [SYMBOL]',
  summary: 'show the newest decisions with their reasons, acted or not',
  help: 'The newest decisions of a strategy, the last one first: what it wanted, its own reason, and what came of it: `accepted`, `held`, or `denied` with the check that stopped it. On a proposal, `/explain` says why the gates decided as they did.',
  permission: 'read',
  needsPullRequest: false,
  wordsMax: 2,
  lane: 'answers',
  async answer({ words: [id, symbol] }, room) {
    const report = await publishedReport(room);
    const parts = strategiesNamed(report, id).map((strategy) => decisionsOf(strategy, symbol));
    return [...(parts.length === 0 ? ['Nothing is loaded.'] : parts), asOfLine(report)].join('\n\n');
  },
};

function decisionsOf({ id, decisions }: StrategyReport, symbol: string | undefined): string {
  const shown = decisions.filter((one) => symbol === undefined || one.symbol.toLowerCase() === symbol.toLowerCase());
  const about = symbol === undefined ? '' : ` about ${code(symbol)}`;
  if (shown.length === 0) return `Among its newest ${decisions.length} decisions **${id}** made none${about}.`;
  const rows = shown
    .toReversed()
    .map((one) => [minute(one.instant), code(one.symbol), text(one.action), text(one.reason), code(one.outcome)]);
  const columns = (['Bar, UTC', 'Symbol', 'Wanted', 'Because', 'Outcome'] as const).map((title) => ({
    title,
    alignment: 'left' as const,
  }));
  return `**${id}**\n\n${table(columns, rows)}`;
}
