import { equityMermaid } from '#bot/evidence/charts/equity-mermaid.ts';
import { EQUITY_SVG_PATH } from '#bot/evidence/charts/equity-svg.ts';
import { fenced } from '#bot/evidence/markdown.ts';
import { days, signedPercent } from '#bot/evidence/numbers.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import { type RenderContext, strategyFileUrl } from '#bot/evidence/render-context.ts';

/** The three equity lines. Mermaid draws no legend for them, so words do. */
export function equity(pack: Pack, context: RenderContext): string {
  const chart = equityMermaid(pack);
  const link = `[the chart with drawdowns](${strategyFileUrl(context, pack.strategy, EQUITY_SVG_PATH)})`;
  const heading = ['### Equity', ''];
  if (chart === null) return [...heading, `Too few days to draw; see ${link}.`].join('\n');
  const { candidate, incumbent } = pack;
  return [
    ...heading,
    `🔵 candidate ${signedPercent(candidate.selection.metrics.netReturn)} · 🟠 incumbent ${signedPercent(incumbent.selection.metrics.netReturn)} · ⚪ buy and hold ${signedPercent(pack.buyAndHold.selection.netReturn)}`,
    '',
    fenced('mermaid', chart),
    '',
    `Result since the first day of the selection data, ${days(pack.spans.selection)}${pack.dataset.isSimulated ? ', **SIMULATED**' : ''}. Every day, and the drops from each peak: ${link}.`,
  ].join('\n');
}
