import { firstIndexFrom } from '#engine/candles/candle-columns.ts';
import type { CandleColumns, Span } from '#engine/candles/types.ts';
import type { MarketRules } from '#engine/simulation/types.ts';
import { tradedBars } from '../traded-bars.ts';

export interface HeldCurve {
  readonly netReturn: number;
  readonly maxDrawdown: number;
  /** Quote asset, at each of the times asked for. */
  readonly value: readonly number[];
}

/**
 * The yardstick that needs no skill: the capital in equal parts, each symbol bought at its first open in the span and
 * marked at the last close known at each time; entry pays taker fee, half spread and slippage, and so would the exit, which is
 * charged at the end. A symbol that lists late waits in cash. A bar without volume is no bar.
 * @param times UTC milliseconds, rising; the drawdown is measured on these points
 */
export function buyAndHold(
  columns: ReadonlyMap<string, CandleColumns>,
  markets: Readonly<Record<string, MarketRules>>,
  span: Span,
  capital: number,
  times: readonly number[],
): HeldCurve {
  const share = capital / columns.size;
  const value = times.map(() => 0);
  let final = 0;
  for (const [symbol, given] of columns) {
    const bars = tradedBars(given);
    const rules = markets[symbol];
    if (rules === undefined) throw new Error(`No market rules for ${symbol}.`);
    const cost = rules.takerFeeRate + rules.halfSpreadRate + rules.slippageRate;
    const first = firstIndexFrom(bars.time, span.from);
    const end = firstIndexFrom(bars.time, span.to);
    if (first === end) {
      final += share;
      for (let index = 0; index < times.length; index += 1) value[index]! += share;
      continue;
    }
    const quantity = (share * (1 - cost)) / bars.open[first]!;
    final += quantity * bars.close[end - 1]! * (1 - cost);
    for (let index = 0; index < times.length; index += 1) {
      const known = Math.min(firstIndexFrom(bars.time, times[index]!), end) - 1;
      value[index]! += known < first ? share : quantity * bars.close[known]!;
    }
  }
  return { netReturn: final / capital - 1, maxDrawdown: worstDrawdown(capital, value), value };
}

/** Largest fall from an earlier peak, as a ratio of the peak; 0 when it never falls. */
function worstDrawdown(start: number, value: readonly number[]): number {
  let peak = start;
  let worst = 0;
  for (const point of value) {
    peak = Math.max(peak, point);
    worst = Math.max(worst, 1 - point / peak);
  }
  return worst;
}
