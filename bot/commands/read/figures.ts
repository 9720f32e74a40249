import { count, minute, signedDecimal } from '#bot/evidence/numbers.ts';
import type { EngineReport } from '#engine/runtime/report.ts';

/** The line that says how old an answer's figures are, and how many strategies the engine's report had no room for. */
export function asOfLine({ asOf, strategies, strategiesOmitted }: EngineReport): string {
  const age = asOf === null ? 'Before the first bar.' : `As the engine published it; market time ${minute(asOf)} UTC.`;
  if (strategiesOmitted === 0) return `_${age}_`;
  return `_${age} It runs ${count(strategies.length + strategiesOmitted)} strategies, and publishes figures of the first ${strategies.length} only._`;
}

/** An amount of the quote asset that was won or lost. */
export function result(quote: number): string {
  return signedDecimal(quote, 2);
}
