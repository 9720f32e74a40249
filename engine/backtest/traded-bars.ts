import type { CandleColumns } from '#engine/candles/types.ts';

// Bundled into the strategy realm: no Node imports here.

/** What `tradedBars` found of columns it has seen: runs over the same candles are many, and candles do not change. */
const traded = new WeakMap<CandleColumns, CandleColumns>();

/** The bars in which something traded; the same columns when that is all of them. */
export function tradedBars(columns: CandleColumns): CandleColumns {
  const known = traded.get(columns);
  if (known !== undefined) return known;
  const found = withoutQuietBars(columns);
  traded.set(columns, found);
  traded.set(found, found);
  return found;
}

function withoutQuietBars(columns: CandleColumns): CandleColumns {
  const { volume } = columns;
  let count = 0;
  for (let at = 0; at < volume.length; at += 1) if (volume[at]! > 0) count += 1;
  if (count === volume.length) return columns;
  const kept = (column: Float64Array): Float64Array => column.filter((_value, at) => volume[at]! > 0);
  return {
    time: kept(columns.time),
    open: kept(columns.open),
    high: kept(columns.high),
    low: kept(columns.low),
    close: kept(columns.close),
    volume: kept(volume),
  };
}
