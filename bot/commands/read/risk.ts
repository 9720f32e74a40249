import { code, table, text } from '#bot/evidence/markdown.ts';
import { count, decimal, percent, share } from '#bot/evidence/numbers.ts';
import { orderText } from '#bot/orchestrator/engine-watch.ts';
import type { EngineReport } from '#engine/runtime/report.ts';
import type { CommentCommand } from '../command.ts';
import { asOfLine } from './figures.ts';
import { publishedReport } from './strategy-named.ts';

export const risk: CommentCommand = {
  name: 'risk',
  usage: '/risk',
  summary: 'show the limits that are kept, how much of each is used, and what was refused',
  help: 'The control order in force, every limit with what is used of it, the drawdowns, and how often each check refused an order.',
  permission: 'read',
  needsPullRequest: false,
  wordsMax: 0,
  lane: 'answers',
  async answer(_invocation, room) {
    const report = await publishedReport(room);
    const control = `The engine obeys: ${orderText(report.control)}.`;
    return [control, limitsOf(report), drawdownsOf(report), refusalsOf(report), asOfLine(report)].join('\n\n');
  },
};

function limitsOf({ risk: limits }: EngineReport): string {
  if (limits.length === 0) return 'No limit is in force: nothing is loaded.';
  const rows = limits.map(({ title, strategy, limit, used, unit }) => [
    text(title),
    strategy ?? 'the whole engine',
    `${decimal(used, 4)} ${text(unit)}`,
    `${decimal(limit, 4)} ${text(unit)}`,
    shareOf(used, limit),
  ]);
  const columns = [
    { title: 'Limit', alignment: 'left' },
    { title: 'Of', alignment: 'left' },
    { title: 'Used', alignment: 'right' },
    { title: 'At most', alignment: 'right' },
    { title: 'Share', alignment: 'right' },
  ] as const;
  return table(columns, rows);
}

/** `share` bets and never says more than all; of a limit that is passed it must be seen by how much. */
function shareOf(used: number, limit: number): string {
  const ratio = limit === 0 ? null : Math.max(0, used / limit);
  return ratio !== null && ratio > 1 ? percent(ratio) : share(ratio);
}

function drawdownsOf({ strategies }: EngineReport): string {
  const lines = strategies.map(
    ({ id, performance: { drawdownNow, maxDrawdown } }) =>
      `- **${id}** is ${percent(drawdownNow)} below its highest equity; the deepest fall was ${percent(maxDrawdown)}.`,
  );
  return lines.length === 0 ? 'Nothing is loaded.' : lines.join('\n');
}

function refusalsOf({ strategies }: EngineReport): string {
  const lines = strategies.flatMap(({ id, denials }) =>
    Object.entries(denials).map(([denial, times]) => `- **${id}**: ${code(denial)} ${count(times)} times`),
  );
  return lines.length === 0
    ? 'No order was ever refused.'
    : ['Refused orders, since the account began:', '', ...lines].join('\n');
}
