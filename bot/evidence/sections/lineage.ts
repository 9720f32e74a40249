import { code, folded, table, text } from '#bot/evidence/markdown.ts';
import { amount, count, counted, day, days, shortDigest } from '#bot/evidence/numbers.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import type { RenderContext } from '#bot/evidence/render-context.ts';

/**
 * Where this version comes from and what exactly was measured: everything a doubter needs to name.
 * @param context null where the text is not bound to a place
 */
export function lineage(pack: Pack, context: Pick<RenderContext, 'base'> | null): string {
  const simulated = pack.dataset.isSimulated ? ' **SIMULATED**' : '';
  const rows = [
    ['Cycle', code(pack.cycle)],
    [
      'Parent',
      `tree ${code(pack.parentTree.slice(0, 12))} of ${code(`strategies/${pack.against}`)}${context === null ? '' : ` on ${code(context.base.ref)} at ${code(context.base.sha.slice(0, 12))}`}`,
    ],
    ['Dataset', `${code(shortDigest(pack.dataset.digest))}${simulated}`],
    ['Development data', days(pack.spans.development)],
    ['Selection data', days(pack.spans.selection)],
    ['Capital', `${amount(pack.capital)} in the quote asset`],
    ['Meaning of fills', `semantics version ${count(pack.semantics)}, seed ${code(String(pack.seed))}`],
    ['Trial ledger', code(shortDigest(pack.search.ledgerHead))],
    [
      'Candidate’s result',
      `${code(shortDigest(pack.candidate.selection.resultId))} → ${code(shortDigest(pack.candidate.selection.resultDigest))}`,
    ],
    [
      'Incumbent’s result',
      `${code(shortDigest(pack.incumbent.selection.resultId))} → ${code(shortDigest(pack.incumbent.selection.resultDigest))}`,
    ],
  ];
  return [
    '### Lineage',
    '',
    table(
      [
        { title: '', alignment: 'left' },
        { title: '', alignment: 'left' },
      ],
      rows,
    ),
    '',
    folded(`${counted(pack.dataset.entries.length, 'market')} and every parameter`, `${entries(pack)}\n\n${parameters(pack)}`),
  ].join('\n');
}

function entries(pack: Pack): string {
  return table(
    [
      { title: 'Market', alignment: 'left' },
      { title: 'Source', alignment: 'left' },
      { title: 'From', alignment: 'left' },
      { title: 'To', alignment: 'left' },
      { title: 'Bars', alignment: 'right' },
      { title: 'Digest', alignment: 'left' },
    ],
    pack.dataset.entries.map((entry) => [
      text(`${entry.symbol} ${entry.timeframe}`),
      text(`${entry.source.venue} ${entry.source.symbol} ${entry.source.timeframe}`),
      day(entry.from),
      day(Math.max(entry.from, entry.to - 1)),
      count(entry.bars),
      code(shortDigest(entry.digest)),
    ]),
  );
}

function parameters(pack: Pack): string {
  const names = [...new Set([...Object.keys(pack.candidate.parameters), ...Object.keys(pack.incumbent.parameters)])].sort();
  return table(
    [
      { title: 'Parameter', alignment: 'left' },
      { title: 'Candidate', alignment: 'right' },
      { title: 'Incumbent', alignment: 'right' },
    ],
    names.map((name) => [code(name), value(pack.candidate.parameters[name]), value(pack.incumbent.parameters[name])]),
  );
}

/** A parameter is shown as it stands in the pack: rounding it would name another configuration. */
function value(parameter: number | undefined): string {
  return parameter === undefined ? '–' : String(parameter).replace('-', '−');
}
