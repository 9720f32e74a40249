import type { LoopResult } from './loop.ts';
import type { Metrics } from './types.ts';

const DAY_MS = 86_400_000;
/** Crypto markets do not close: a year has 365 trading days. */
const DAYS_A_YEAR = 365;
/** A growth rate of less than a month, put to a year, says nothing. */
const CAGR_LEAST_DAYS = 30;

/**
 * The numbers people read, computed in the engine's own process from trades and equity. See `Metrics` for each one's meaning.
 * @param capital quote asset
 */
export function metricsOf(result: LoopResult, capital: number): Metrics {
  const { trades, equity } = result;
  const final = equity.value.at(-1) ?? capital;
  const days = equity.time.length === 0 ? 0 : (equity.time.at(-1)! - result.firstTime) / DAY_MS;
  const returns = dailyReturns(capital, equity.value);
  const spread = trades.length === 0 ? null : deviation(returns);
  const perYear = Math.sqrt(DAYS_A_YEAR);
  const cagr = trades.length === 0 ? null : growthRate(final / capital, days);
  const downside = trades.length === 0 ? null : downsideDeviation(returns);
  const wins = trades.filter(({ netResult }) => netResult > 0);
  const gained = sum(wins.map(({ netResult }) => netResult));
  const lost = -sum(trades.filter(({ netResult }) => netResult < 0).map(({ netResult }) => netResult));
  const grossGain = sum(trades.map(({ netResult, fees }) => Math.max(0, netResult + fees)));
  const meanEquity = result.instants === 0 ? capital : result.equitySum / result.instants;
  return {
    bars: result.bars,
    trades: trades.length,
    netReturn: final / capital - 1,
    cagr,
    volatility: spread === null ? null : spread * perYear,
    sharpe: spread === null ? null : (mean(returns) / spread) * perYear,
    sortino: downside === null ? null : (mean(returns) / downside) * perYear,
    calmar: cagr === null || result.maxDrawdown === 0 ? null : cagr / result.maxDrawdown,
    maxDrawdown: result.maxDrawdown,
    maxDrawdownBars: result.maxDrawdownBars,
    profitFactor: lost === 0 ? null : gained / lost,
    expectancy: trades.length === 0 ? null : mean(trades.map(({ netReturn }) => netReturn)),
    winRate: trades.length === 0 ? null : wins.length / trades.length,
    exposure: result.instants === 0 ? 0 : result.investedInstants / result.instants,
    turnover: result.turnover / meanEquity,
    fees: result.fees,
    feeShare: grossGain === 0 ? null : result.fees / grossGain,
    averageHoldBars: trades.length === 0 ? null : mean(trades.map(({ barsHeld }) => barsHeld)),
  };
}

/** Changes of equity from one UTC day's end to the next, as ratios; the first from the capital. The last day may be part of one. */
export function dailyReturns(capital: number, equity: readonly number[]): number[] {
  return equity.map((value, index) => value / (index === 0 ? capital : equity[index - 1]!) - 1);
}

/** Sample standard deviation (n - 1); null below two values or where nothing varies. */
function deviation(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const centre = mean(values);
  const variance = sum(values.map((value) => (value - centre) * (value - centre))) / (values.length - 1);
  return variance > 0 ? Math.sqrt(variance) : null;
}

/** Root of the mean squared loss over all days, gains counting as zero; null where no day lost. */
function downsideDeviation(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const squares = sum(values.map((value) => Math.min(0, value) * Math.min(0, value)));
  return squares > 0 ? Math.sqrt(squares / values.length) : null;
}

/** Through exp and log: `**` differs in its last bit between Node versions. */
function growthRate(ratio: number, days: number): number | null {
  if (days < CAGR_LEAST_DAYS || !(ratio > 0)) return null;
  return Math.exp(Math.log(ratio) * (DAYS_A_YEAR / days)) - 1;
}

function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}
