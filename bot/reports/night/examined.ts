import { table, text } from '#bot/evidence/markdown.ts';
import { count, counted, days, decimal, percent, points, signedPercent } from '#bot/evidence/numbers.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import { knowledge } from '#bot/evidence/sections/knowledge.ts';
import { prediction } from '#bot/evidence/sections/prediction.ts';
import { reviewText } from '#bot/orchestrator/tell-review.ts';
import type { KeptWork } from './kept-work.ts';

/** Markdown: each candidate that was examined, with its numbers or why it was refused. Empty where none was. */
export function examinedText({ study, examined }: Pick<KeptWork, 'study' | 'examined'>): string {
  if (examined.length === 0) return '';
  const candidates = study?.kind === 'candidates' ? study.candidates : [];
  const parts = examined.flatMap(({ examined: one, review }, index) => {
    const changes = candidates[index]?.claim.changes ?? [];
    const list = changes.length === 0 ? [] : [changes.map((change) => `- ${text(change)}`).join('\n')];
    const head = [`### Candidate ${index + 1}`, ...list].join('\n\n');
    const found = review === null ? [] : [reviewText(review)];
    if (one.outcome === 'unanswered') return [head, 'Refused: the selection data had no answer left for it.'];
    if (one.outcome === 'failed') return [head, `Refused:\n\n${one.reasons.map((reason) => `- ${text(reason)}`).join('\n')}`];
    return [head, packText(one.pack), ...found];
  });
  const left = candidates.length - examined.length;
  const rest =
    left <= 0
      ? []
      : [
          `${counted(left, 'more candidate')} ${left === 1 ? 'was' : 'were'} not examined: every answer makes the selection data less blind.`,
        ];
  return [...parts, ...rest].join('\n\n');
}

/** What a night's evidence says: before and after, what its author may have known, and what it promises. */
export function packText(pack: Pack): string {
  const columns = [
    { title: '', alignment: 'left' },
    { title: 'Candidate', alignment: 'right' },
    { title: 'Incumbent', alignment: 'right' },
    { title: 'Change', alignment: 'right' },
    { title: 'Buy and hold', alignment: 'right' },
  ] as const;
  const rows = (['selection', 'development'] as const).flatMap((part) => {
    const [candidate, incumbent] = [pack.candidate[part].metrics, pack.incumbent[part].metrics];
    const held = pack.buyAndHold[part];
    return [
      [
        `Net return, ${part} data`,
        signedPercent(candidate.netReturn),
        signedPercent(incumbent.netReturn),
        points(candidate.netReturn - incumbent.netReturn),
        signedPercent(held.netReturn),
      ],
      [
        `Worst drop, ${part} data`,
        percent(candidate.maxDrawdown),
        percent(incumbent.maxDrawdown),
        points(candidate.maxDrawdown - incumbent.maxDrawdown),
        percent(held.maxDrawdown),
      ],
      [`Sharpe ratio, ${part} data`, decimal(candidate.sharpe), decimal(incumbent.sharpe), '', ''],
      [`Trades, ${part} data`, count(candidate.trades), count(incumbent.trades), '', ''],
    ];
  });
  const { selection } = pack.spans;
  return [
    `On the selection data, ${days(selection)}, the search had not seen a bar${pack.dataset.isSimulated ? '; the market is **SIMULATED**' : ''}.`,
    table(columns, rows),
    ...[knowledge(pack), prediction(pack)].filter((part) => part !== ''),
  ].join('\n\n');
}
