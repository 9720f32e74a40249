import { html } from '#bot/evidence/markdown.ts';
import { NO_VALUE } from '#bot/evidence/numbers.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import type { RunRecord } from '#bot/runs/run-record.ts';
import { canonicalJson } from '#engine/attestation/canonical.ts';
import { chart } from './chart.ts';
import { factsOf } from './facts.ts';
import { page, pageTable } from './frame.ts';
import { metricText } from './metric-text.ts';

/** All that is known of one run. @param pack the one it stands in; null for a trial of the ledger, which has no chart */
export async function runPage(run: RunRecord, pack: Pack | null): Promise<string> {
  return page(`Run ${run.id}`, [
    `<h1>${html(run.id)}</h1>`,
    `<p class="label">${html(run.label)}</p>`,
    ...(pack === null ? [] : [await chart(pack)]),
    pageTable({
      caption: 'Metrics',
      columns: [{ title: 'Metric' }, { title: 'Value', isNumber: true }],
      rows: Object.entries(run.metrics).map(([name, value]) => [name, metricText(name, value)]),
    }),
    pageTable({
      caption: 'What was run',
      columns: [{ title: 'Fact' }, { title: 'Value' }],
      rows: factsOf(run).filter(([, value]) => value !== NO_VALUE),
    }),
    pageTable({
      caption: 'Parameters',
      columns: [{ title: 'Parameter' }, { title: 'Value' }],
      rows: Object.entries(run.parameters ?? {}).map(([name, value]) => [name, canonicalJson(value)]),
    }),
    pageTable({
      caption: 'Files',
      columns: [{ title: 'File' }, { title: 'Digest' }],
      rows: Object.entries(run.files ?? {}),
    }),
  ]);
}
