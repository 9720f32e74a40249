import { signedPercent } from '#bot/evidence/numbers.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import { lineChart } from './line-chart.ts';
import { LINE_LABELS } from './series.ts';

/** Beside the pack, inside the strategy's folder. */
export const EQUITY_SVG_PATH = 'evidence/equity.svg';

/** What each would have made since the first day. */
export function equitySvg(pack: Pack): Promise<string> {
  return lineChart(pack, {
    title: `${pack.strategy}: what it would have made`,
    axis: 'result since the start',
    legend: (name) => {
      const final = name === 'buyAndHold' ? pack.buyAndHold.selection : pack[name].selection.metrics;
      return `${LINE_LABELS[name]} ${signedPercent(final.netReturn)}`;
    },
    values: (lines, name) => lines[name],
    isFilled: false,
  });
}
