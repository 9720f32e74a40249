import type { Pack } from '#bot/evidence/pack.ts';
import { lineMermaid } from './line-mermaid.ts';
import { drawdowns } from './series.ts';

/** The three drops from the last peak in the body; null when there is nothing to draw. */
export function drawdownMermaid(pack: Pack): string | null {
  return lineMermaid(pack, {
    title: 'drop from the last peak in per cent',
    heightPx: 260,
    values: (lines, name) => drawdowns(lines[name]),
  });
}
