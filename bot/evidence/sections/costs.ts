import { table } from '#bot/evidence/markdown.ts';
import { decimal, points, signedPercent } from '#bot/evidence/numbers.ts';
import type { BreakEven } from '#bot/evidence/pack/robustness.ts';
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
    '',
    breakEven(pack.breakEven.candidate),
  ].join('\n');
}

function multiplierLabel(multiplier: number): string {
  return multiplier === 1 ? 'Costs as assumed' : `Costs ×${multiplier}`;
}

function breakEven(found: BreakEven): string {
  switch (found.outcome) {
    case 'found':
      return `**Break-even costs:** nothing is left once trading costs more than ${decimal(found.multiplier, 1)} times what is assumed.`;
    case 'never-earns':
      return '**Break-even costs:** it does not earn on these data even when trading is free.';
    case 'beyond':
      return `**Break-even costs:** it still earns when trading costs ${decimal(found.multiplier, 1)} times what is assumed, the dearest that was tried.`;
  }
}
