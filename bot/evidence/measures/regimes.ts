import type { Regimes } from '#bot/evidence/pack/robustness.ts';
import { type MarketRegimeName, marketRegimes, REGIMES } from '#engine/backtest/metrics/market-regimes.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import type { Trade } from '#engine/simulation/types.ts';
import type { Series } from '#engine/statistics/observations.ts';
import { totalReturn } from '#engine/statistics/return-statistics.ts';

const DAY_MS = 86_400_000;

export interface Measured {
  /** Daily, on the same days for both versions. */
  readonly returns: Series;
  readonly trades: readonly Trade[];
}

/**
 * The days of a span by what the market was doing when each began (see `marketRegimes`), and what both versions made of them: daily
 * returns of such days compounded, and trades opened on them.
 * @param firstDay days since 1970 of the first return @param columns with the days before, which regimes look back on
 */
export function regimes(
  candidate: Measured,
  incumbent: Measured,
  firstDay: number,
  columns: ReadonlyMap<string, CandleColumns>,
): Regimes {
  const byDay = marketRegimes(columns);
  const regimeOf = (day: number): MarketRegimeName => byDay.get(day) ?? 'unknown';
  const inRegime = ({ returns, trades }: Measured, regime: MarketRegimeName) => ({
    netReturn: totalReturn(Array.from(returns).filter((_, index) => regimeOf(firstDay + index) === regime)),
    trades: trades.filter(({ entryTime }) => regimeOf(Math.floor(entryTime / DAY_MS)) === regime).length,
  });
  return REGIMES.map((regime) => ({
    regime,
    days: Array.from(candidate.returns).filter((_, index) => regimeOf(firstDay + index) === regime).length,
    candidate: inRegime(candidate, regime),
    incumbent: inRegime(incumbent, regime),
  })).filter(({ days }) => days > 0);
}
