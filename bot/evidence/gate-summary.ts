import type { GateResult } from './gate-result.ts';
import { code, shortened, table, text } from './markdown.ts';
import { counted } from './numbers.ts';

/** The longest sentence a cell of the table holds; the gate's own page has the whole summary. */
const SENTENCE_LENGTH_MAX = 300;

/**
 * The gates in one table, for a check run's output and a step summary. Zero gates are a failure: nothing was proven.
 * The gates' own words count as foreign text here, for they quote what they found.
 */
export function renderGateSummary(results: readonly GateResult[]): string {
  if (results.length === 0) return '❌ **No gate ran**, so nothing is proven.';
  const rows = results.map((result) => [
    code(result.gate),
    result.conclusion === 'success' ? '✅ success' : '❌ failure',
    `${text(result.title)}${more(result)}`,
  ]);
  return [
    verdict(results),
    '',
    table(
      [
        { title: 'Gate', alignment: 'left' },
        { title: 'Conclusion', alignment: 'left' },
        { title: 'What it found', alignment: 'left' },
      ],
      rows,
    ),
  ].join('\n');
}

function verdict(results: readonly GateResult[]): string {
  const failed = results.filter((result) => result.conclusion === 'failure');
  if (failed.length === 0) return `✅ **${counted(results.length, 'gate')} passed**, none failed.`;
  const names = failed.map((result) => code(result.gate)).join(', ');
  return `❌ **${failed.length} of ${counted(results.length, 'gate')} failed**: ${names}. Nothing may be merged on this head and base.`;
}

/** What the summary adds to the title; a gate that could not look says the same in both. */
function more(result: GateResult): string {
  const sentence = firstSentence(result.summary);
  const isRepetition = sentence.startsWith(result.title) || result.title.startsWith(sentence);
  const words = `${isRepetition ? '' : text(sentence)}${remarks(result)}`.trim();
  return words === '' ? '' : `<br><sub>${words}</sub>`;
}

function remarks(result: GateResult): string {
  return result.annotations.length === 0 ? '' : ` ${counted(result.annotations.length, 'annotation')} on the changed files.`;
}

function firstSentence(summary: string): string {
  const plain = summary.replace(/\s+/g, ' ').trim();
  const sentence = /^.*?[.!?](?=\s|$)/.exec(plain)?.[0] ?? plain;
  return shortened(sentence, SENTENCE_LENGTH_MAX);
}
