import { day } from '#bot/evidence/numbers.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import { roundScale } from './scale.ts';
import { LINE_NAMES, type LineName, type Lines, linesOf, spread } from './series.ts';

/** More points than this make the chart no clearer and the body longer. */
export const POINTS_MAX = 60;

const DAY_MS = 86_400_000;

/** Legible on GitHub's light and dark backgrounds alike; in the order of the lines. */
const PALETTE = '#388bfd, #db6d28, #8b949e';

export interface MermaidChart {
  /** Behind the strategy's name: `result in per cent`. */
  readonly title: string;
  readonly heightPx: number;
  /** Ratios, one for each time of the lines. */
  readonly values: (lines: Lines, name: LineName) => readonly number[];
}

/** A Mermaid `xychart-beta` of the three lines in per cent; null when there is nothing to draw. */
export function lineMermaid(pack: Pack, { title, heightPx, values }: MermaidChart): string | null {
  const lines = linesOf(pack);
  if (lines === null) return null;
  const picked = spread(lines.time.length, POINTS_MAX);
  const series = LINE_NAMES.map((name) => {
    const line = values(lines, name);
    return picked.map((index) => line[index]! * 100);
  });
  const scale = roundScale(Math.min(0, ...series.flat()), Math.max(0, ...series.flat()), 6);
  const first = lines.time[0]!;
  const last = lines.time[lines.time.length - 1]!;
  const label = pack.dataset.isSimulated ? ' (SIMULATED)' : '';
  return [
    '---',
    'config:',
    '  xyChart:',
    `    height: ${heightPx}`,
    '  themeVariables:',
    '    xyChart:',
    `      plotColorPalette: "${PALETTE}"`,
    '---',
    'xychart-beta',
    `  title "${pack.strategy}${label}: ${title}"`,
    `  x-axis "days since ${day(first)}" 0 --> ${Math.max(1, Math.round((last - first) / DAY_MS))}`,
    `  y-axis "per cent" ${short(scale.min)} --> ${short(scale.max)}`,
    ...series.map((line) => `  line [${line.map(short).join(', ')}]`),
  ].join('\n');
}

/** Two decimals are finer than a pixel. */
function short(value: number): string {
  return String(Number(value.toFixed(2)) + 0);
}
