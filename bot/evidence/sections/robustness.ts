import { code, table, text } from '#bot/evidence/markdown.ts';
import { amount, count, decimal, points, share, signedPercent } from '#bot/evidence/numbers.ts';
import type { Pack } from '#bot/evidence/pack.ts';

/** Whether the result hangs on exact numbers, one kind of market, small size, or being the same as what runs already. */
export function robustness(pack: Pack): string {
  return [
    '### Does it stand on firm ground?',
    '',
    neighbours(pack),
    '',
    regimes(pack),
    '',
    capacity(pack),
    '',
    correlation(pack),
  ].join('\n');
}

function neighbours({ neighbourhood, candidate }: Pack): string {
  const rows = neighbourhood.map(({ radius, neighbours, median, worst, shareAhead }) => [
    `Parameters ±${count(radius * 100)}%`,
    count(neighbours),
    signedPercent(median),
    signedPercent(worst),
    share(shareAhead),
  ]);
  return [
    `**Slightly other parameters.** Each moved alone, then all at once; its own made ${signedPercent(candidate.selection.metrics.netReturn)}. A result that only these exact numbers have is luck.`,
    '',
    table(
      [
        { title: '', alignment: 'left' },
        { title: 'Neighbours', alignment: 'right' },
        { title: 'Middle one', alignment: 'right' },
        { title: 'Worst one', alignment: 'right' },
        { title: 'Ahead of the incumbent', alignment: 'right' },
      ],
      rows,
    ),
  ].join('\n');
}

function regimes({ regimes }: Pack): string {
  return [
    '**By what the market was doing** when each day began.',
    '',
    table(
      [
        { title: 'Market', alignment: 'left' },
        { title: 'Days', alignment: 'right' },
        { title: 'Trades', alignment: 'right' },
        { title: 'Candidate', alignment: 'right' },
        { title: 'Incumbent', alignment: 'right' },
        { title: 'Difference', alignment: 'right' },
      ],
      regimes.map(({ regime, days, candidate, incumbent }) => [
        text(regime),
        count(days),
        count(candidate.trades),
        signedPercent(candidate.netReturn),
        signedPercent(incumbent.netReturn),
        points(candidate.netReturn - incumbent.netReturn),
      ]),
    ),
  ].join('\n');
}

function capacity({ capacity: { rows, holdsUpTo } }: Pack): string {
  const steps = rows.map(({ capital, netReturn }) => `${amount(capital)}: ${signedPercent(netReturn)}`).join(' · ');
  const reading =
    holdsUpTo === null
      ? 'It earns nothing that more capital could thin out.'
      : `At least half of the net return remains up to a capital of ${amount(holdsUpTo)}${holdsUpTo === rows.at(-1)!.capital ? ', the largest that was tried' : ''}.`;
  return `**With more capital**, when an order may take only its share of a bar’s volume: ${steps}. ${reading}`;
}

function correlation({ correlation }: Pack): string {
  const told = correlation.map(({ strategy, role, daily }) => {
    const whose = role === 'incumbent' ? 'the version it replaces' : code(strategy);
    return daily === null ? `${whose}: cannot be compared` : `${whose}: ${decimal(daily)}`;
  });
  const beside = correlation.filter(({ role }) => role === 'beside').length;
  const alone = beside === 0 ? ' No other strategy trades on the base.' : '';
  return `**Like what runs?** Correlation of daily returns, 1 being the same and 0 nothing in common, with ${told.join(', ')}.${alone}`;
}
