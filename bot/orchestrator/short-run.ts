import type { BacktestResult } from '#engine/backtest/types.ts';
import type { Span } from '#engine/candles/types.ts';

const DAY_MS = 86_400_000;
/** The newest part of the development span that is run first. */
const SHARE = 1 / 4;
/** Silence in fewer days says nothing: there are strategies that wait for weeks. */
const SILENT_DAYS = 90;
/** So many trades of the incumbent make silence in the same days telling. */
const INCUMBENT_TRADES = 10;
/** Loss of this much capital in the short part, and of this much more than the incumbent's, is not made up for in the rest. */
const LOSS = 0.3;
const LOSS_MORE = 0.1;

/** The short part of a span, from a UTC midnight on: what lies before it warms a strategy up. */
export function shortPartOf({ from, to }: Span): Span {
  return { from: Math.ceil((to - SHARE * (to - from)) / DAY_MS) * DAY_MS, to };
}

/**
 * Why a configuration is not worth the whole of the development data, judged by its newest quarter and by how the incumbent did in the
 * same days: it never traded in three months or more in which the incumbent traded ten times, or it lost three tenths of its capital
 * and a tenth more than the incumbent. Null for everything else: the rule is there to save time, not to choose.
 */
export function hopelessness(short: BacktestResult, incumbent: BacktestResult, { from, to }: Span): string | null {
  const days = Math.round((to - from) / DAY_MS);
  const [own, other] = [short.metrics, incumbent.metrics];
  if (own.trades === 0 && other.trades >= INCUMBENT_TRADES && days >= SILENT_DAYS) {
    return `It never traded in the last ${days} days of the development data, in which the version that runs traded ${other.trades} times; the rest was not run.`;
  }
  if (own.netReturn <= -LOSS && own.netReturn <= other.netReturn - LOSS_MORE) {
    return `It lost ${Math.round(-100 * own.netReturn)} % in the last ${days} days of the development data; the rest was not run.`;
  }
  return null;
}
