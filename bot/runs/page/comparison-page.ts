import { html } from '#bot/evidence/markdown.ts';
import { NO_VALUE } from '#bot/evidence/numbers.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import type { RunComparison } from '#bot/runs/compare-runs.ts';
import type { RunRecord } from '#bot/runs/run-record.ts';
import { canonicalJson } from '#engine/attestation/canonical.ts';
import { chart } from './chart.ts';
import { factsOf } from './facts.ts';
import { page, pageTable } from './frame.ts';
import { differenceText, metricText } from './metric-text.ts';

const SIDES = [{ title: 'A' }, { title: 'B' }] as const;

/** Two runs side by side; what keeps them apart comes first. @param packs those they stand in, each once */
export async function comparisonPage(
  [a, b]: readonly [RunRecord, RunRecord],
  comparison: RunComparison,
  packs: readonly Pack[],
): Promise<string> {
  const factsOfB = factsOf(b);
  return page(`Runs ${a.id} and ${b.id}`, [
    '<h1>Two runs</h1>',
    `<p class="label">A is ${html(a.id)}<br>B is ${html(b.id)}</p>`,
    caveats(comparison.caveats),
    pageTable({
      caption: 'Metrics',
      columns: [{ title: 'Metric' }, ...['A', 'B', 'B − A'].map((title) => ({ title, isNumber: true }))],
      rows: comparison.metrics.map((metric) => [
        metric.name,
        metricText(metric.name, metric.a),
        metricText(metric.name, metric.b),
        differenceText(metric.name, metric.difference),
      ]),
    }),
    ...(await Promise.all(packs.map(chart))),
    pageTable({
      caption: 'What was run',
      columns: [{ title: 'Fact' }, ...SIDES],
      rows: factsOf(a).map(([name, value], index) => [name, value, factsOfB[index]![1]]),
    }),
    differing('Parameters', comparison.parameters, a.parameters, b.parameters),
    differing('Files', comparison.files, a.files, b.files),
  ]);
}

function caveats(sentences: readonly string[]): string {
  if (sentences.length === 0) return '';
  const items = sentences.map((sentence) => `<li>${html(sentence)}</li>`).join('');
  return `<section class="caveats" aria-labelledby="caveats"><h2 id="caveats">Not the same</h2><ul>${items}</ul></section>`;
}

function differing(
  what: string,
  names: readonly string[] | null,
  a: Readonly<Record<string, unknown>> | null,
  b: Readonly<Record<string, unknown>> | null,
): string {
  if (names === null) return `<p>${what} that differ: not known.</p>`;
  if (names.length === 0) return `<p>${what} that differ: none.</p>`;
  const shown = (value: unknown): string =>
    value === undefined ? NO_VALUE : typeof value === 'string' ? value : canonicalJson(value);
  return pageTable({
    caption: `${what} that differ`,
    columns: [{ title: 'Name' }, ...SIDES],
    rows: names.map((name) => [name, shown(a?.[name]), shown(b?.[name])]),
  });
}
