import { type Night, nightsOf, readLedgerFrom, recordsOf } from '#bot/evidence/ledger.ts';
import { code, table, text } from '#bot/evidence/markdown.ts';
import { count, counted } from '#bot/evidence/numbers.ts';
import { type HeldOutStatus, heldOutStatus } from '#bot/gates/held-out-status.ts';
import type { CommentCommand } from '../command.ts';

/** As many nights as fit on a screen. */
const NIGHTS_SHOWN = 10;

export const ledger: CommentCommand = {
  name: 'ledger',
  usage: '/ledger',
  summary: 'show how many trials were ever made, and what may still be asked of the held-out candles',
  help: 'The newest nights with their trials, the head of the chain, and the budgets of selection data and vault. `ratchet ledger verify` on a clone checks every line.',
  permission: 'read',
  needsPullRequest: false,
  wordsMax: 0,
  lane: 'answers',
  async answer(_invocation, { repository, state }) {
    const reading = await readLedgerFrom(state);
    const nights = nightsOf(reading);
    const trials = nights.reduce((sum, { planned }) => sum + planned, 0);
    const openings = recordsOf(reading, 'vault-opened').length;
    const head = `${counted(nights.length, 'night')}, ${counted(trials, 'trial')}, ${counted(openings, 'opening')} of the vault; head ${code(reading.head.hash)}.`;
    const budgets = budgetLines(await heldOutStatus(repository, reading));
    return [head, ...(nights.length === 0 ? [] : [nightsTable(nights.slice(-NIGHTS_SHOWN))]), budgets].join('\n\n');
  },
};

/** What may still be asked of the held-out candles, a line each. */
function budgetLines({ vault, selection }: HeldOutStatus): string {
  const share = (probability: number): string => `${(probability * 100).toFixed(2)}%`;
  const refill = (days: number | null): string => (days === null ? '' : `; one comes back after ${counted(days, 'new day')}`);
  return [
    `- Selection data: ${count(selection.left)} of ${count(selection.answers)} answers left${refill(selection.daysToRefill)}.`,
    `- Vault: ${share(vault.spent)} of an error of ${share(vault.alpha)} spent; the next opening is tested at ${share(vault.next)}${refill(vault.daysToRefill)}.`,
  ].join('\n');
}

function nightsTable(nights: readonly Night[]): string {
  const rows = nights
    .toReversed()
    .map(({ cycle, strategy, proposer, planned, asked, above, decision, reason }) => [
      code(cycle),
      text(strategy),
      text(proposer),
      count(planned),
      `${above} of ${asked}`,
      decision === null ? 'not ended' : code(decision),
      text(reason ?? ''),
    ]);
  const columns = [
    { title: 'Night', alignment: 'left' },
    { title: 'Strategy', alignment: 'left' },
    { title: 'By', alignment: 'left' },
    { title: 'Trials', alignment: 'right' },
    { title: 'Yes from selection data', alignment: 'right' },
    { title: 'Decision', alignment: 'left' },
    { title: 'Reason', alignment: 'left' },
  ] as const;
  return table(columns, rows);
}
