import { Big } from 'big.js';
import { allocateColumns } from '#engine/candles/candle-columns.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import type { ListedMarket } from '#engine/venues/rehearsal/exchange-types.ts';

export const hour = 3_600_000;
export const start = Date.UTC(2026, 0, 1);

/** Bars of one hour from `start` on: open, high, low, close. */
export function bars(rows: readonly (readonly [number, number, number, number])[], from = start): CandleColumns {
  const columns = allocateColumns(rows.length);
  for (const [index, [open, high, low, close]] of rows.entries()) {
    columns.time[index] = from + index * hour;
    columns.open[index] = open;
    columns.high[index] = high;
    columns.low[index] = low;
    columns.close[index] = close;
    columns.volume[index] = 100;
  }
  return columns;
}

/** BTC/USD: tick 0.1, step 0.0001, no spread to speak of (one tick), ten levels of 10,000 USD each, one tick apart. */
export function market(candles: CandleColumns, changes: Partial<ListedMarket> = {}): ListedMarket {
  return {
    symbol: 'BTC/USD',
    base: 'BTC',
    quote: 'USD',
    isActive: true,
    tickSize: new Big('0.1'),
    stepSize: new Big('0.0001'),
    minQuantity: new Big('0.0005'),
    minNotional: new Big(5),
    maxQuantity: null,
    makerFeeRate: 0.001,
    takerFeeRate: 0.002,
    book: { halfSpreadRate: 0, levels: 10, spacingRate: 0, levelNotional: 10_000, refillMs: 1_000 },
    candles,
    barMs: hour,
    ...changes,
  };
}
