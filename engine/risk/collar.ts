import Big from 'big.js';

/**
 * The highest price a purchase may name: the collar above the best ask or above the close that was decided on, whichever is lower. Null
 * where one of them is not known.
 * @param collar ratio
 */
export function highestPrice(close: number, ask: Big | null, collar: number): Big | null {
  if (ask === null || !(close > 0) || !Number.isFinite(close) || !(collar >= 0) || !Number.isFinite(collar)) return null;
  const decided = new Big(close);
  return (ask.lt(decided) ? ask : decided).times(new Big(1).plus(collar));
}
