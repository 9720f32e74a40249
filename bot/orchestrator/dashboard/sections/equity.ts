import { code, table, text } from '#bot/evidence/markdown.ts';
import { amount, percent, signedPercent } from '#bot/evidence/numbers.ts';
import type { DashboardFacts } from '../facts.ts';
import { sparkline } from '../sparkline.ts';

const DAYS = 30;
const COLUMNS = [
  { title: 'Strategy', alignment: 'left' },
  { title: `Last ${DAYS} days`, alignment: 'left' },
  { title: 'Equity', alignment: 'right' },
  { title: 'Since the start', alignment: 'right' },
  { title: 'Deepest fall', alignment: 'right' },
  { title: 'Trades', alignment: 'right' },
] as const;

/** How each account did, by the last value of each day that has ended: what moves within a day is no reason to edit an issue. */
export function equitySection({ report }: Pick<DashboardFacts, 'report'>): string {
  const title = '## Equity';
  if (!report.ok) return `${title}\n\n${text(report.why)}`;
  const strategies = report.value?.strategies ?? [];
  const rows = strategies.flatMap(({ id, capital, dailyEquity, performance }) => {
    // The last day is still going on.
    const ended = dailyEquity.slice(0, -1).map(([, value]) => value);
    const last = ended.at(-1);
    if (last === undefined) return [];
    return [
      [
        code(id),
        sparkline(ended, DAYS),
        amount(last),
        signedPercent(capital > 0 ? last / capital - 1 : null),
        percent(performance.maxDrawdown),
        String(performance.trades),
      ],
    ];
  });
  if (rows.length === 0) return `${title}\n\nNo day of trading has ended yet.`;
  const until = strategies.flatMap(({ dailyEquity }) => dailyEquity.slice(0, -1).map(([date]) => date)).sort();
  return `${title}\n\nUp to the end of ${until.at(-1)}, in the quote asset.\n\n${table(COLUMNS, rows)}`;
}
