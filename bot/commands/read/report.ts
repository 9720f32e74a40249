import { nightsOf, readLedgerFrom } from '#bot/evidence/ledger.ts';
import { code, text } from '#bot/evidence/markdown.ts';
import { amount, day, signedPercent } from '#bot/evidence/numbers.ts';
import { sparkline } from '#bot/orchestrator/dashboard/sparkline.ts';
import { RatchetError } from '#engine/errors.ts';
import type { EngineReport, StrategyReport } from '#engine/runtime/report.ts';
import type { CommentCommand } from '../command.ts';
import { quoted } from '../quoted.ts';
import { asOfLine } from './figures.ts';
import { performanceTable } from './performance.ts';
import { publishedReport } from './strategy-named.ts';

const DAYS = 7;
const DAYS_MAX = 90;
const NIGHTS_SHOWN = 7;

export const report: CommentCommand = {
  name: 'report',
  usage: '/report [DAYS]',
  summary: 'sum up the last days: equity, trades, nights',
  help: `Equity day by day over the last days (${DAYS} unless you say otherwise, at most ${DAYS_MAX}), the figures since the account began, and what the last nights decided.`,
  permission: 'read',
  needsPullRequest: false,
  wordsMax: 1,
  lane: 'answers',
  async answer({ words: [word] }, room) {
    const days = word === undefined ? DAYS : daysIn(word);
    const published = await publishedReport(room);
    const nights = nightsOf(await readLedgerFrom(room.state)).slice(-NIGHTS_SHOWN);
    const lines = nights
      .toReversed()
      .map(({ cycle, decision, reason }) =>
        `- \`${cycle}\`: **${decision === null ? 'not ended' : code(decision)}**. ${text(reason ?? '')}`.trimEnd(),
      );
    return [
      accounts(published, days),
      ...(published.strategies.length === 0 ? [] : [performanceTable(published.strategies)]),
      lines.length === 0 ? 'There has been no night yet.' : `The last nights:\n\n${lines.join('\n')}`,
      asOfLine(published),
    ].join('\n\n');
  },
};

function daysIn(word: string): number {
  const days = /^\d{1,3}$/.test(word) ? Number(word) : 0;
  if (days >= 1 && days <= DAYS_MAX) return days;
  throw new RatchetError('commands/days', `${quoted(word)} is no number of days.`, `Give one from 1 to ${DAYS_MAX}.`, { word });
}

function accounts({ strategies }: EngineReport, days: number): string {
  const lines = strategies.map((strategy) => `- ${account(strategy, days)}`);
  return lines.length === 0 ? 'Nothing is loaded.' : lines.join('\n');
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
