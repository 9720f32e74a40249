import type { Trade } from '#engine/simulation/types.ts';

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

export function figuresOf(trades: readonly Trade[]): TradeFigures {
  const figures = emptyFigures(trades.length);
  trades.forEach((trade, at) => {
    figures.netResults[at] = trade.netResult;
    figures.netReturns[at] = trade.netReturn;
    figures.fees[at] = trade.fees;
    figures.barsHeld[at] = trade.barsHeld;
    figures.adverse[at] = trade.maxAdverseExcursion;
    figures.favourable[at] = trade.maxFavourableExcursion;
  });
  return figures;
}
