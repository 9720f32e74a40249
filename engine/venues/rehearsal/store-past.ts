import type { CandleStore } from '#engine/candles/candle-store.ts';
import { simulatedVenue } from '#engine/candles/series-key.ts';
import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import { MarketFigures } from './market-figures.ts';
import type { PathBar } from './price-path.ts';
import type { Rehearsal } from './start-rehearsal.ts';

/**
 * Lays every bar that has closed into a store, in place of those of another rehearsal: what an exchange's downloadable history is
 * to one that serves only its newest bars, as Kraken does.
 */
export function storePast({ exchange }: Pick<Rehearsal, 'exchange'>, timeframe: Timeframe, store: CandleStore): void {
  const figures = new MarketFigures(exchange);
  const barMs = timeframeMs(timeframe);
  const closed = Math.floor(exchange.now() / barMs) * barMs;
  const origin = { isSimulated: true, source: 'the past of a rehearsal' };
  store.batch(() => {
    for (const { symbol } of exchange.markets()) {
      const bars = figures.bars(symbol, barMs, 0, Number.MAX_SAFE_INTEGER, closed);
      store.put({ venue: simulatedVenue, symbol, timeframe }, columnsOf(bars), origin);
    }
  });
}

/** To as many digits as the dialects tell. */
function columnsOf(bars: readonly PathBar[]): CandleColumns {
  const column = (value: (bar: PathBar) => number) => Float64Array.from(bars, (bar) => Number(value(bar).toFixed(8)));
  return {
    time: Float64Array.from(bars, ({ time }) => time),
    open: column(({ open }) => open),
    high: column(({ high }) => high),
    low: column(({ low }) => low),
    close: column(({ close }) => close),
    volume: column(({ volume }) => volume),
  };
}
