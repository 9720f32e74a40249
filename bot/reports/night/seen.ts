import { code, harmless, table, text } from '#bot/evidence/markdown.ts';
import {
  count,
  counted,
  decimal,
  NO_VALUE,
  percent,
  share,
  shortDigest,
  signedDecimal,
  signedPercent,
} from '#bot/evidence/numbers.ts';
import type { Observation } from '#bot/orchestrator/observe.ts';
import { BENCHMARKS } from '#engine/store/truth/benchmarks.ts';
import type { Truth } from '#engine/store/truth/truth.ts';

type Figure = keyof typeof BENCHMARKS;

/** How each benchmark that is no plain count is read. */
const SHOWN: Partial<Record<Figure, (value: number) => string>> = {
  winRate: share,
  grossResult: (value) => signedDecimal(value, 2),
  netResult: (value) => signedDecimal(value, 2),
  fees: (value) => decimal(value, 2),
  expectancy: signedPercent,
  profitFactor: (value) => decimal(value, 2),
  drawdownNow: percent,
  drawdownWorst: percent,
  exposure: share,
  daysSinceSignal: (value) => decimal(value, 1),
  daysSinceTrade: (value) => decimal(value, 1),
  dataAge: (value) => decimal(value, 1),
  uptime: share,
  age: (value) => decimal(value, 1),
};

/** Markdown: what a night went by before anything was decided. */
export function seenText({ strategy, truth, development, analysis, openProposal, memory }: Observation): string {
  const made = `On the development data it makes ${signedPercent(development.netReturn)} in ${counted(development.trades, 'trade')}.`;
  const open = openProposal === null ? [] : [`Pull request ${openProposal} was open and changed it already.`];
  const told =
    'problem' in analysis
      ? `The analysis modules told nothing: ${text(analysis.problem)}`
      : 'The analysis modules told of the market and of its trades.';
  const remembered =
    memory.length === 0 ? 'It was told of no past.' : `It was told: ${memory.map(({ title }) => harmless(title)).join('; ')}.`;
  return [
    ...(truth === null
      ? [`No engine had told how ${code(strategy)} does.`]
      : [
          `The version of ${code(strategy)} that ran, ${code(shortDigest(truth.version))}, as the engine had recorded it:`,
          truthTable(truth),
        ]),
    [made, ...open, told, remembered].join(' '),
  ].join('\n\n');
}

function truthTable(truth: Truth): string {
  const columns = [
    { title: 'Benchmark', alignment: 'left' },
    { title: 'Value', alignment: 'right' },
    { title: 'What it is', alignment: 'left' },
  ] as const;
  const names = Object.keys(BENCHMARKS) as Figure[];
  return table(
    columns,
    names.map((name) => [code(name), shown(name, truth[name]), text(BENCHMARKS[name].meaning)]),
  );
}

function shown(name: Figure, value: Truth[Figure]): string {
  if (value === null) return NO_VALUE;
  if (typeof value === 'number') return (SHOWN[name] ?? count)(value);
  const reasons = Object.entries(value).map(([reason, times]) => `${times} ${code(reason)}`);
  return reasons.length === 0 ? '0' : reasons.join(', ');
}
