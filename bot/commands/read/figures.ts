import { minute, signedDecimal } from '#bot/evidence/numbers.ts';

/** The line that says how old an answer's figures are. @param asOf market time, UTC milliseconds; null before the first bar */
export function asOfLine(asOf: number | null): string {
  return asOf === null ? '_Before the first bar._' : `_As the engine published it; market time ${minute(asOf)} UTC._`;
}

/** An amount of the quote asset that was won or lost. */
export function result(quote: number): string {
  return signedDecimal(quote, 2);
}
