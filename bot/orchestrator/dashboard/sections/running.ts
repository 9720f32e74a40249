import { code, table, text } from '#bot/evidence/markdown.ts';
import type { DashboardFacts } from '../facts.ts';

const COLUMNS = [
  { title: 'Strategy', alignment: 'left' },
  { title: 'Stage', alignment: 'left' },
  { title: 'Tree', alignment: 'left' },
  { title: 'State', alignment: 'left' },
  { title: 'Positions', alignment: 'right' },
] as const;
const WHY = { title: 'Why', alignment: 'left' } as const;

/** What runs where, and whether it is what main asks for. */
export function runningSection({ status }: Pick<DashboardFacts, 'status'>): string {
  const title = '## What runs';
  if (!status.ok) return `${title}\n\n${text(status.why)}`;
  if (status.value === null) return `${title}\n\nThe engine has not published anything yet.`;
  const { commit, strategies, reason, status: whole } = status.value;
  const head = `**${whole}** with main at ${commit === null ? 'nothing' : code(commit.slice(0, 12))}.${reason === '' ? '' : ` ${text(reason)}`}`;
  if (strategies.length === 0) return `${title}\n\n${head}\n\nNo strategy is loaded.`;
  const isTold = strategies.some((item) => item.reason !== '');
  const rows = strategies.map((item) => [
    code(item.id),
    item.stage ?? 'none',
    item.tree === null ? 'none' : code(item.tree.slice(0, 12)),
    item.status,
    String(item.positions),
    ...(isTold ? [text(item.reason)] : []),
  ]);
  return `${title}\n\n${head}\n\n${table(isTold ? [...COLUMNS, WHY] : COLUMNS, rows)}`;
}
