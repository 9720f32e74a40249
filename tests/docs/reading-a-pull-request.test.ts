import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { checks } from '#bot/evidence/confidence.ts';
import { Statistics } from '#bot/evidence/pack/statistics.ts';
import { renderPullRequest } from '#bot/evidence/render.ts';
import { report } from '#bot/evidence/report.ts';
import { REGIMES } from '#engine/backtest/metrics/market-regimes.ts';
import { sampleContext, samplePack } from '#tests/support/sample-pack.ts';
import { textOf } from './documents.ts';

const page = textOf('docs/ops/reading-a-pull-request.md');
/** Without emphasis and line ends: a label may be bold or wrapped. */
const words = page.replace(/\*\*?/g, '').replace(/\s+/g, ' ');

/** First columns that hold names of this very pack: markets, parameters, windows, comment commands. */
const NAMES_OF_THE_PACK = ['Market', 'Parameter', 'Traded', 'Comment'];

/** Headings of columns and names of rows in all tables of a text. */
function labelsIn(markdown: string): Set<string> {
  const labels = new Set<string>();
  let header: readonly string[] = [];
  const lines = markdown.split('\n');
  for (const [index, line] of lines.entries()) {
    if (!line.startsWith('|')) continue;
    const cells = line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim());
    if (/^\| :?-/.test(lines[index + 1] ?? '')) {
      header = cells;
      // The comment commands have a page of their own.
      if (header[0] === 'Comment') continue;
      for (const cell of cells) labels.add(cell);
    } else if (!/^\| :?-/.test(line) && !NAMES_OF_THE_PACK.includes(header[0]!)) labels.add(cells[0]!);
  }
  labels.delete('');
  return labels;
}

/** Names of properties anywhere in a JSON Schema. */
function fieldsOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = 'properties' in schema ? Object.keys(schema.properties as object) : [];
  return [...own, ...Object.values(schema).flatMap(fieldsOf)];
}

describe('how to read a pull request', () => {
  const pack = samplePack();
  const labels = labelsIn(`${renderPullRequest(pack, sampleContext()).body}\n${report(pack)}`);

  it('finds the tables it is to explain', () => {
    for (const known of [
      'Net return',
      'Costs ×3',
      'Parameters ±20%',
      'Efficiency',
      'And after all that was tried?',
      'Trial ledger',
    ])
      expect(labels).toContain(known);
    expect(labels.size).toBeGreaterThan(50);
  });

  it('explains every label of every table', () => {
    const own = [...labels].filter((label) => !/^[a-z]+, (calm|volatile)$/.test(label));
    expect(own.filter((label) => !words.includes(label))).toEqual([]);
  });

  it('explains every word for a market', () => {
    const regimes = new Set(REGIMES.flatMap((regime) => regime.split(', ')));
    expect([...regimes].filter((regime) => !page.includes(`*${regime}*`))).toEqual([]);
  });

  it('explains every field of the statistics in the pack', () => {
    const fields = new Set(fieldsOf(z.toJSONSchema(Statistics)));
    expect(fields).toContain('deflatedSharpe');
    expect([...fields].filter((field) => !page.includes(`\`${field}\``))).toEqual([]);
  });

  it('has a row for each of the checks', () => {
    const [, table] = page.split('| Check | Look out for |');
    const rows = table!
      .split('\n\n')[0]!
      .split('\n')
      .filter((line) => /^\| [a-z]/.test(line));
    expect(rows).toHaveLength(checks(pack).length);
  });
});
