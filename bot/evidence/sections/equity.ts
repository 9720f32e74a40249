import { drawdownMermaid } from '#bot/evidence/charts/drawdown-mermaid.ts';
import { DRAWDOWN_SVG_PATH } from '#bot/evidence/charts/drawdown-svg.ts';
import { equityMermaid } from '#bot/evidence/charts/equity-mermaid.ts';
import { EQUITY_SVG_PATH } from '#bot/evidence/charts/equity-svg.ts';
import { fenced, folded } from '#bot/evidence/markdown.ts';
import { days, signedPercent } from '#bot/evidence/numbers.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import { type RenderContext, strategyFileUrl } from '#bot/evidence/render-context.ts';

/** The three lines, and their drops. Mermaid draws no legend for them, so words do. */
export function equity(pack: Pack, context: RenderContext): string {
  const [chart, drops] = [equityMermaid(pack), drawdownMermaid(pack)];
  const link = (name: string, path: string) => `[${name}](${strategyFileUrl(context, pack.strategy, path)})`;
  const links = `${link('results', EQUITY_SVG_PATH)} and ${link('drops', DRAWDOWN_SVG_PATH)}`;
  const heading = ['### Equity', ''];
  if (chart === null || drops === null) return [...heading, `Too few days to draw; see ${links}.`].join('\n');
  const { candidate, incumbent } = pack;
  return [
    ...heading,
    `🔵 candidate ${signedPercent(candidate.selection.metrics.netReturn)} · 🟠 incumbent ${signedPercent(incumbent.selection.metrics.netReturn)} · ⚪ buy and hold ${signedPercent(pack.buyAndHold.selection.netReturn)}`,
    '',
    fenced('mermaid', chart),
    '',
    folded('How far each was below its last peak', fenced('mermaid', drops)),
    '',
    `Result since the first day of the selection data, ${days(pack.spans.selection)}${pack.dataset.isSimulated ? ', **SIMULATED**' : ''}. Every day of the ${links} as pictures.`,
  ].join('\n');
}
