import { type NullParameters, nullSource } from '#bot/orchestrator/canaries/null-strategy.ts';
import type { RandomStream } from '#engine/candles/random-stream.ts';
import { TIMEFRAME } from './exam.ts';

/** Share of equity in each of two symbols, as the shipped strategy has it: a tenth is kept back for costs. */
export const WEIGHT = 0.45;

/** The null strategy that nights send through the gates, on the symbols of an exam. */
export function nullOn(symbols: readonly [string, string]): string {
  return nullSource({ symbols, timeframe: TIMEFRAME, weight: WEIGHT });
}

/** Bars: a day, and ten days. */
const HOLD = { least: 6, most: 60 } as const;
const IN_MARKET = { least: 0.1, most: 0.9 } as const;

/**
 * A random strategy that holds for a day to ten days and is in the market for a tenth to nine tenths of the time. Faster ones lose so
 * surely to costs that no gate would be tried by them, and their spread would make the deflation harsher than it is on like trials.
 */
export function drawNull(random: RandomStream): NullParameters {
  const hold = Math.round(HOLD.least * Math.exp(random.uniform() * Math.log(HOLD.most / HOLD.least)));
  const share = IN_MARKET.least + (IN_MARKET.most - IN_MARKET.least) * random.uniform();
  // In the market for `hold` of every `hold + 1 / chance` bars.
  const chance = Math.max(0.001, Math.round((1000 * share) / ((1 - share) * hold)) / 1000);
  return { seed: 1 + Math.floor(random.uniform() * 1e9), chance: Math.min(0.6, chance), hold };
}
