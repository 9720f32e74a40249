/** What the metrics need to know of each trade, in the order the trades closed: one array a field. See `Trade` for meanings and units. */
export interface TradeFigures {
  readonly count: number;
  readonly netResults: Float64Array;
  readonly netReturns: Float64Array;
  readonly fees: Float64Array;
  readonly barsHeld: Float64Array;
  readonly adverse: Float64Array;
  readonly favourable: Float64Array;
}

export function emptyFigures(count: number): TradeFigures {
  const column = (): Float64Array => new Float64Array(count);
  return {
    count,
    netResults: column(),
    netReturns: column(),
    fees: column(),
    barsHeld: column(),
    adverse: column(),
    favourable: column(),
  };
}
