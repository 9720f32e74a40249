import { table } from '#bot/evidence/markdown.ts';
import { day, signedPercent } from '#bot/evidence/numbers.ts';
import type { Pack } from '#bot/evidence/pack.ts';

/**
 * The selection data cut at the day up to which the author has read of the world: what a model remembers of those days it may have
 * written into the strategy, and what came later it cannot have. Empty where the author has read nothing.
 */
export function knowledge({ proposal, equity, capital, spans }: Pack): string {
  const { knownUntil } = proposal;
  if (knownUntil === null) return '';
  const heading = ['### What its author may have known', ''];
  const lastDay = day(knownUntil - 1);
  const { from, to } = spans.selection;
  if (knownUntil <= from) {
    const sentence = `The model has read of the world up to ${lastDay}, and all of the selection data are later: none of them can have been remembered.`;
    return [...heading, sentence].join('\n');
  }
  if (knownUntil >= to) {
    const sentence = `The model has read of the world up to ${lastDay}, which is after the selection data end: **any of these results may have been remembered**, so only days to come can tell.`;
    return [...heading, sentence].join('\n');
  }
  const before = equity.time.filter((time) => time <= knownUntil).length;
  const parts = (line: readonly number[]): readonly string[] => {
    const at = before === 0 ? capital : line[before - 1]!;
    return [signedPercent(at / capital - 1), signedPercent(line.at(-1)! / at - 1)];
  };
  return [
    ...heading,
    `The model has read of the world up to ${lastDay}. What it did on the days before may have been remembered; what it did after cannot.`,
    '',
    table(
      [
        { title: 'Net return', alignment: 'left' },
        { title: `until ${lastDay}`, alignment: 'right' },
        { title: 'after', alignment: 'right' },
      ],
      [
        ['Candidate', ...parts(equity.candidate)],
        ['Incumbent', ...parts(equity.incumbent)],
        ['Buy and hold', ...parts(equity.buyAndHold)],
      ],
    ),
  ].join('\n');
}
