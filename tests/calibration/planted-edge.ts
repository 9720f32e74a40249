import { allocateColumns } from '#engine/candles/candle-columns.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import { BAR_MS, TIMEFRAME } from './exam.ts';
import { WEIGHT } from './null-strategy.ts';

/** Every two days a bar is the marker, known by its time alone. */
const PERIOD_BARS = 12;
/** So many bars after the marker the price drifts. */
const DRIFT_BARS = 3;

/**
 * The same candles with something to know in them: in the three bars after each marker the logarithm of the price moves by `drift` more
 * a bar, and in the others of the period by as much less in all, so that holding the market gains nothing by it.
 * @param drift log return a bar; 0 gives the same prices
 */
export function plantDrift(columns: CandleColumns, drift: number): CandleColumns {
  const bars = columns.time.length;
  const planted = allocateColumns(bars);
  planted.time.set(columns.time);
  planted.volume.set(columns.volume);
  const against = (-drift * DRIFT_BARS) / (PERIOD_BARS - DRIFT_BARS);
  let before = 0;
  for (let bar = 0; bar < bars; bar += 1) {
    const place = (columns.time[bar]! / BAR_MS) % PERIOD_BARS;
    const after = before + (place >= 1 && place <= DRIFT_BARS ? drift : against);
    // The whole bar lies between its own prices moved by the level before it and by the one after.
    planted.open[bar] = columns.open[bar]! * Math.exp(before);
    planted.close[bar] = columns.close[bar]! * Math.exp(after);
    planted.high[bar] = columns.high[bar]! * Math.exp(Math.max(before, after));
    planted.low[bar] = columns.low[bar]! * Math.exp(Math.min(before, after));
    before = after;
  }
  return planted;
}

/** A strategy that knows the marker: it buys when the marker has closed and sells when the drift is over. */
export function edgeSource([first, second]: readonly [string, string]): string {
  return `import { defineStrategy } from 'ratchet/contract';

export default defineStrategy({
  symbols: ['${first}', '${second}'],
  timeframe: '${TIMEFRAME}',
  parameters: {},
  warmupBars: () => 1,
  indicators: () => ({}),
  onBar(context) {
    if (context.position.isOpen) return context.hold('in position');
    if ((context.bar.time / ${BAR_MS}) % ${PERIOD_BARS} !== 0) return context.hold('no marker');
    return context.target(${WEIGHT}, 'marker', { horizonBars: ${DRIFT_BARS} });
  },
});
`;
}
