import { code, table } from '#bot/evidence/markdown.ts';
import type { DashboardFacts } from '../facts.ts';
import { shortenedText } from '../shortened-text.ts';

const SHOWN = 30;
const COLUMNS = [
  { title: 'Branch', alignment: 'left' },
  { title: 'Tip', alignment: 'left' },
  { title: 'Untouched since', alignment: 'left' },
  { title: 'Archived from', alignment: 'left' },
  { title: '', alignment: 'left' },
] as const;

/** Branches that nobody has touched for long. Empty when there is none. */
export function branchesSection({ branches }: Pick<DashboardFacts, 'branches'>): string {
  if (branches.length === 0) return '';
  const rows = branches
    .slice(0, SHOWN)
    .map(({ name, tip, since, archivedFrom, why }) => [
      code(name),
      code(tip.slice(0, 12)),
      since,
      archivedFrom ?? 'not by itself',
      shortenedText(why),
    ]);
  const more = branches.length > SHOWN ? `\n\n… and ${branches.length - SHOWN} more: \`ratchet branches list\`.` : '';
  const hint = 'A commit on a branch keeps it. What is archived stays under `refs/archive/`.';
  return `## Stale branches\n\n${hint}\n\n${table(COLUMNS, rows)}${more}`;
}
