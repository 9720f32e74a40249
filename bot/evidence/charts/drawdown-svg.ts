import { signedPercent } from '#bot/evidence/numbers.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import { lineChart } from './line-chart.ts';
import { drawdowns, LINE_LABELS, linesOf } from './series.ts';

/** Beside the pack, inside the strategy's folder. */
export const DRAWDOWN_SVG_PATH = 'evidence/drawdown.svg';

/** How far each was below its last peak, at ends of days. */
export function drawdownSvg(pack: Pack): Promise<string> {
  const lines = linesOf(pack);
  return lineChart(pack, {
    title: `${pack.strategy}: how far it would have been below its peak`,
    axis: 'drop from the last peak',
    legend: (name) => `${LINE_LABELS[name]} ${signedPercent(lines === null ? null : Math.min(0, ...drawdowns(lines[name])))}`,
    values: (drawn, name) => drawdowns(drawn[name]),
    isFilled: true,
  });
}
