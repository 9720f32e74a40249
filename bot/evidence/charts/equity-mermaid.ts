import type { Pack } from '#bot/evidence/pack.ts';
import { lineMermaid } from './line-mermaid.ts';

/** The three results in the body; null when there is nothing to draw. */
export function equityMermaid(pack: Pack): string | null {
  return lineMermaid(pack, { title: 'result in per cent', heightPx: 380, values: (lines, name) => lines[name] });
}
