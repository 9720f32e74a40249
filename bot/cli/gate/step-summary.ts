import type { GateResult } from '#bot/evidence/gate-result.ts';
import { renderGateSummary } from '#bot/evidence/gate-summary.ts';
import { folded } from '#bot/evidence/markdown.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import { report } from '#bot/evidence/report.ts';

/** GitHub refuses a step's summary of more than 1 MiB; the rest is room for other steps of the job. */
export const SUMMARY_BYTES_MAX = 900_000;

/**
 * What the run of one gate, or of all, leaves on its page: the gates in a table, each one's own words, and the sections of the
 * pull request for evidence that was made again. Numbers that nobody made again are not repeated here.
 */
export function renderStepSummary(results: readonly GateResult[], packs: readonly Pack[]): string {
  const words = results.map((result) =>
    result.conclusion === 'failure' ? `### ${result.gate}\n\n${result.summary}` : folded(result.gate, result.summary),
  );
  const isMadeAgain = results.some((result) => result.isMadeAgain === true);
  const parts = [renderGateSummary(results), ...words, ...(isMadeAgain ? packs.map(report) : [])];
  let text = '';
  for (const part of parts) {
    const longer = text === '' ? `${part}\n` : `${text}\n${part}\n`;
    if (Buffer.byteLength(longer) > SUMMARY_BYTES_MAX)
      return `${text}\n_The rest is too long for this page; run ratchet gate to see it._\n`;
    text = longer;
  }
  return text;
}
