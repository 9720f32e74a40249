import type { Night } from '#bot/evidence/ledger.ts';
import { code, table, text } from '#bot/evidence/markdown.ts';
import { count } from '#bot/evidence/numbers.ts';
import type { DashboardFacts } from '../facts.ts';
import { shortenedText } from '../shortened-text.ts';

const NIGHTS = 7;
const COLUMNS = [
  { title: 'Night', alignment: 'left' },
  { title: 'Strategy', alignment: 'left' },
  { title: 'Decision', alignment: 'left' },
  { title: 'Trials', alignment: 'right' },
  { title: 'Why', alignment: 'left' },
] as const;

/** What the last nights decided, and why, the newest first: quiet ones too. */
export function nightsSection({ nights }: Pick<DashboardFacts, 'nights'>): string {
  const title = '## Last nights';
  if (!nights.ok) return `${title}\n\n${text(nights.why)}`;
  if (nights.value.length === 0) return `${title}\n\nThere was none yet.`;
  return `${title}\n\n${table(COLUMNS, nights.value.slice(-NIGHTS).reverse().map(rowOf))}`;
}

function rowOf({ cycle, strategy, planned, decision, reason }: Night): readonly string[] {
  return [code(cycle), code(strategy), decision ?? 'not ended', count(planned), reason === null ? '' : shortenedText(reason)];
}
