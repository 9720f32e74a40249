import { folded, table } from '#bot/evidence/markdown.ts';
import { amount, count, days, decimal, NO_VALUE, percent, points, signedDecimal, signedPercent } from '#bot/evidence/numbers.ts';
import type { Pack, Run } from '#bot/evidence/pack.ts';

type Values = Run['metrics'];

interface Row {
  readonly label: string;
  /** Null where the number has no meaning; absent numbers of older packs count as such. */
  readonly value: (metrics: Values) => number | null;
  readonly show: (value: number | null) => string;
  readonly delta: (difference: number) => string;
  /** Which way is better; `neither` makes no cell bold. */
  readonly better: 'higher' | 'lower' | 'neither';
}

/** The direction of better is part of the row, so that bold always means better, not bigger. */
const ROWS: readonly Row[] = [
  { label: 'Net return', value: (m) => m.netReturn, show: signedPercent, delta: points, better: 'higher' },
  { label: 'Return a year', value: number('cagr'), show: signedPercent, delta: points, better: 'higher' },
  { label: 'Worst drop from a peak', value: (m) => loss(m.maxDrawdown), show: percent, delta: points, better: 'higher' },
  { label: 'Volatility a year', value: number('volatility'), show: percent, delta: points, better: 'lower' },
  { label: 'Sharpe ratio', value: (m) => m.sharpe, show: (v) => decimal(v), delta: (d) => signedDecimal(d), better: 'higher' },
  { label: 'Sortino ratio', value: number('sortino'), show: (v) => decimal(v), delta: (d) => signedDecimal(d), better: 'higher' },
  {
    label: 'Profit factor',
    value: number('profitFactor'),
    show: (v) => decimal(v),
    delta: (d) => signedDecimal(d),
    better: 'higher',
  },
  { label: 'Trades', value: (m) => m.trades, show: whole, delta: (d) => signedDecimal(d, 0), better: 'neither' },
  { label: 'Winning trades', value: number('winRate'), show: percent, delta: points, better: 'neither' },
  { label: 'Time in the market', value: number('exposure'), show: percent, delta: points, better: 'neither' },
  { label: 'Fees paid', value: (m) => m.fees, show: money, delta: (d) => signedDecimal(d, 0), better: 'lower' },
];

/** Candidate, incumbent, buy and hold: on the data the search did not see first, on what it did see folded below. */
export function comparison(pack: Pack): string {
  const { selection, development } = pack.spans;
  return [
    '### Before and after',
    '',
    `On the selection data, ${days(selection)}, which the search did not see. Everything is after fees, spread and slippage; the better of two is **bold**.`,
    '',
    comparisonTable(pack, 'selection'),
    '',
    folded(
      `On the development data, ${days(development)}, which the search was free to use`,
      comparisonTable(pack, 'development'),
    ),
  ].join('\n');
}

function comparisonTable(pack: Pack, part: 'selection' | 'development'): string {
  const candidate = pack.candidate[part].metrics;
  const incumbent = pack.incumbent[part].metrics;
  const held = pack.buyAndHold[part];
  const heldCells = new Map([
    ['Net return', signedPercent(held.netReturn)],
    ['Worst drop from a peak', percent(loss(held.maxDrawdown))],
  ]);
  const rows = ROWS.flatMap((row) => {
    const now = row.value(candidate);
    const before = row.value(incumbent);
    if (now === null && before === null) return [];
    const winner = better(row, now, before);
    return [
      [
        row.label,
        bold(row.show(now), winner === 'candidate'),
        bold(row.show(before), winner === 'incumbent'),
        now === null || before === null ? NO_VALUE : row.delta(now - before),
        heldCells.get(row.label) ?? NO_VALUE,
      ],
    ];
  });
  return table(
    [
      { title: '', alignment: 'left' },
      { title: 'Candidate', alignment: 'right' },
      { title: 'Incumbent', alignment: 'right' },
      { title: 'Change', alignment: 'right' },
      { title: 'Buy and hold', alignment: 'right' },
    ],
    rows,
  );
}

function better(row: Row, candidate: number | null, incumbent: number | null): 'candidate' | 'incumbent' | 'neither' {
  if (row.better === 'neither' || candidate === null || incumbent === null || candidate === incumbent) return 'neither';
  return candidate > incumbent === (row.better === 'higher') ? 'candidate' : 'incumbent';
}

function bold(cell: string, isBetter: boolean): string {
  return isBetter ? `**${cell}**` : cell;
}

function number(name: keyof Values): (metrics: Values) => number | null {
  return (metrics) => metrics[name];
}

/** A drawdown is a loss: shown below zero, so that less of it is more. */
function loss(drawdown: number): number {
  return drawdown === 0 ? 0 : -Math.abs(drawdown);
}

function whole(value: number | null): string {
  return value === null ? NO_VALUE : count(value);
}

function money(value: number | null): string {
  return value === null ? NO_VALUE : amount(value);
}
