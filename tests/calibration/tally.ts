import type { Verdict } from './judge-candidacy.ts';

export interface Tally {
  readonly asked: number;
  /** By validation, in the policy's order: how often it held. */
  readonly held: ReadonlyMap<string, number>;
  /** How often everything that speaks of evidence held. */
  readonly passedEvidence: number;
  /** How often everything held, forward evidence included. */
  readonly passed: number;
}

export function tallyOf(verdicts: readonly Verdict[]): Tally {
  const held = new Map<string, number>();
  for (const { conditions } of verdicts) {
    for (const [id, holds] of conditions) held.set(id, (held.get(id) ?? 0) + (holds ? 1 : 0));
  }
  return {
    asked: verdicts.length,
    held,
    passedEvidence: verdicts.filter(({ passesEvidence }) => passesEvidence).length,
    passed: verdicts.filter(({ passes }) => passes).length,
  };
}

export interface Column {
  readonly name: string;
  readonly tally: Tally;
}

/** A Markdown table: one line a condition, then the whole; one column a tally. Shares of those asked. */
export function tableOf(title: string, columns: readonly Column[]): string {
  const [first] = columns;
  const ids = first === undefined ? [] : [...first.tally.held.keys()];
  const line = (name: string, countOf: (tally: Tally) => number) => [
    name,
    ...columns.map(({ tally }) => percent(countOf(tally), tally.asked)),
  ];
  return markdown([
    [title, ...columns.map(({ name }) => name)],
    ['asked', ...columns.map(({ tally }) => String(tally.asked))],
    ...ids.map((id) => line(id, ({ held }) => held.get(id) ?? 0)),
    line('**all that speaks of evidence**', ({ passedEvidence }) => passedEvidence),
    line('**and what was seen after it**', ({ passed }) => passed),
  ]);
}

export function percent(count: number, of: number): string {
  return of === 0 ? '' : `${((100 * count) / of).toFixed(1)} %`;
}

export function markdown([head, ...lines]: readonly (readonly string[])[]): string {
  const widths = head!.map((_, column) => Math.max(...[head!, ...lines].map((cells) => cells[column]!.length), 3));
  const row = (cells: readonly string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [row(head!), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...lines.map(row)].join('\n');
}
