import { table } from '#bot/evidence/markdown.ts';
import { points, signedPercent } from '#bot/evidence/numbers.ts';
import type { Pack } from '#bot/evidence/pack.ts';

/** What is left when trading is dearer or slower than assumed: where good-looking backtests usually die. */
export function costs(pack: Pack): string {
  const rows = [...pack.costs]
    .sort((left, right) => left.multiplier - right.multiplier)
    .map((row) => ({ label: multiplierLabel(row.multiplier), candidate: row.candidate, incumbent: row.incumbent }));
  const late = { label: 'Every order one bar late', ...pack.delayedOneBar };
  return [
    '### If reality is worse than assumed',
    '',
    'Net return on the selection data when fees, spread and slippage are multiplied, or every order comes late.',
    '',
    table(
      [
        { title: '', alignment: 'left' },
        { title: 'Candidate', alignment: 'right' },
        { title: 'Incumbent', alignment: 'right' },
        { title: 'Difference', alignment: 'right' },
        { title: 'Ahead', alignment: 'centre' },
      ],
      [...rows, late].map((row) => [
        row.label,
        signedPercent(row.candidate),
        signedPercent(row.incumbent),
        points(row.candidate - row.incumbent),
        row.candidate > row.incumbent ? '✅' : '❌',
      ]),
    ),
  ].join('\n');
}

function multiplierLabel(multiplier: number): string {
  return multiplier === 1 ? 'Costs as assumed' : `Costs ×${multiplier}`;
}
