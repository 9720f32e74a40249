import { nightsOf, readLedgerFrom } from '#bot/evidence/ledger.ts';
import { periodReport } from '#bot/reports/period.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommentCommand } from '../command.ts';
import { quoted } from '../quoted.ts';
import { asOfLine } from './figures.ts';
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
    const facts = { report: published, days, nights, trades: null, spent: null };
    return `${periodReport(facts)}\n\n${asOfLine(published)}`;
  },
};

function daysIn(word: string): number {
  const days = /^\d{1,3}$/.test(word) ? Number(word) : 0;
  if (days >= 1 && days <= DAYS_MAX) return days;
  throw new RatchetError('commands/days', `${quoted(word)} is no number of days.`, `Give one from 1 to ${DAYS_MAX}.`, { word });
}
