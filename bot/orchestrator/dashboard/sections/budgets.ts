import { text } from '#bot/evidence/markdown.ts';
import { count, counted, percent } from '#bot/evidence/numbers.ts';
import type { DashboardFacts } from '../facts.ts';

/** What was tried, and what may still be asked of candles that nobody has seen. */
export function budgetsSection({
  nights,
  ledgerLines,
  heldOut,
}: Pick<DashboardFacts, 'nights' | 'ledgerLines' | 'heldOut'>): string {
  const lines: string[] = [];
  if (nights.ok) {
    const trials = nights.value.reduce((sum, { planned }) => sum + planned, 0);
    lines.push(
      `- **Ledger**: ${counted(trials, 'trial')} in ${counted(nights.value.length, 'night')}, ${counted(ledgerLines, 'line')}.`,
    );
  }
  if (!heldOut.ok) lines.push(`- **Held-out candles**: ${text(heldOut.why)}`);
  else {
    const { selection, vault } = heldOut.value;
    const answers = `${count(selection.left)} of ${counted(selection.answers, 'answer')} left after ${counted(selection.asked, 'question')}`;
    const back = selection.daysToRefill === null ? '' : `; one comes back after ${counted(selection.daysToRefill, 'new day')}`;
    lines.push(`- **Selection data**: ${answers}${back}.`);
    const refill = vault.daysToRefill === null ? '' : `; one comes back after ${counted(vault.daysToRefill, 'new day')}`;
    lines.push(
      `- **Vault**: ${percent(vault.spent)} of an error of ${percent(vault.alpha)} spent by ${counted(vault.standing, 'standing opening')}; the next one is tested at ${percent(vault.next)}${refill}.`,
    );
  }
  return `## Budgets\n\n${lines.join('\n')}`;
}
