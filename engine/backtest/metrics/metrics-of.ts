import type { LoopResult } from '../loop.ts';
import type { Metrics } from '../types.ts';
import { dailyReturns } from './daily-returns.ts';
import { marketLine } from './market-line.ts';
import { deviationOf, downsideDeviationOf, meanOf, quantileOf, sum } from './sample-statistics.ts';

const DAY_MS = 86_400_000;
/** Crypto markets do not close: a year has 365 trading days. */
const DAYS_A_YEAR = 365;
/** A growth rate of less than a month, put to a year, says nothing. */
const CAGR_LEAST_DAYS = 30;
/** A twentieth of fewer days is less than one of them. */
const TAIL_LEAST_DAYS = 20;

/**
 * The numbers people read, computed in the engine's own process from trades and equity. See `Metrics` for each one's meaning.
 * @param capital quote asset
 * @param benchmark value of buy-and-hold at the times of the equity curve, quote asset; null where there is none
 */
export function metricsOf(result: LoopResult, capital: number, benchmark: readonly number[] | null): Metrics {
  const { trades, equity } = result;
  const final = equity.value.at(-1) ?? capital;
  const meanEquity = result.instants === 0 ? capital : result.equitySum / result.instants;
  const netResults = trades.map(({ netResult }) => netResult);
  const netReturns = trades.map(({ netReturn }) => netReturn);
  const grossGain = sum(trades.map(({ netResult, fees }) => Math.max(0, netResult + fees)));
  return {
    bars: result.bars,
    trades: trades.length,
    netReturn: final / capital - 1,
    ...(trades.length === 0 ? NOTHING_TO_SAY : curveMetrics(result, capital, benchmark)),
    maxDrawdown: result.maxDrawdown,
    maxDrawdownBars: result.maxDrawdownBars,
    profitFactor: profitFactorOf(netResults),
    expectancy: meanOf(netReturns),
    winRate: winRateOf(netResults),
    sqn: systemQuality(netReturns),
    exposure: result.instants === 0 ? 0 : result.investedInstants / result.instants,
    turnover: result.turnover / meanEquity,
    fees: result.fees,
    feeShare: grossGain > 0 ? result.fees / grossGain : null,
    averageHoldBars: meanOf(trades.map(({ barsHeld }) => barsHeld)),
    averageAdverseExcursion: meanOf(trades.map(({ maxAdverseExcursion }) => maxAdverseExcursion)),
    averageFavourableExcursion: meanOf(trades.map(({ maxFavourableExcursion }) => maxFavourableExcursion)),
    worstAdverseExcursion: smallestOf(trades.map(({ maxAdverseExcursion }) => maxAdverseExcursion)),
  };
}

type CurveMetrics = Pick<
  Metrics,
  'cagr' | 'volatility' | 'sharpe' | 'sortino' | 'calmar' | 'ulcer' | 'tailRatio' | 'alpha' | 'beta'
>;

const NOTHING_TO_SAY: CurveMetrics = {
  cagr: null,
  volatility: null,
  sharpe: null,
  sortino: null,
  calmar: null,
  ulcer: null,
  tailRatio: null,
  alpha: null,
  beta: null,
};

/** What the equity curve says of a strategy that traded. */
function curveMetrics(
  { equity, firstTime, maxDrawdown }: LoopResult,
  capital: number,
  benchmark: readonly number[] | null,
): CurveMetrics {
  const days = equity.time.length === 0 ? 0 : (equity.time.at(-1)! - firstTime) / DAY_MS;
  const returns = dailyReturns(capital, equity.value);
  const mean = meanOf(returns);
  const spread = deviationOf(returns);
  const downside = downsideDeviationOf(returns);
  const perYear = Math.sqrt(DAYS_A_YEAR);
  const cagr = growthRate((equity.value.at(-1) ?? capital) / capital, days);
  const line = benchmark === null ? null : marketLine(returns, dailyReturns(capital, benchmark));
  return {
    cagr,
    volatility: spread === null ? null : spread * perYear,
    sharpe: mean === null || spread === null ? null : (mean / spread) * perYear,
    sortino: mean === null || downside === null ? null : (mean / downside) * perYear,
    calmar: cagr === null || maxDrawdown === 0 ? null : cagr / maxDrawdown,
    ulcer: ulcerIndex(capital, equity.value),
    tailRatio: tailRatioOf(returns),
    alpha: line?.alpha ?? null,
    beta: line?.beta ?? null,
  };
}

/** Through exp and log: `**` differs in its last bit between Node versions. */
function growthRate(ratio: number, days: number): number | null {
  if (days < CAGR_LEAST_DAYS || !(ratio > 0)) return null;
  return Math.exp(Math.log(ratio) * (DAYS_A_YEAR / days)) - 1;
}

/** Root of the mean squared drawdown over days; null without a day. */
function ulcerIndex(capital: number, equity: readonly number[]): number | null {
  let peak = capital;
  const squares = equity.map((value) => {
    peak = Math.max(peak, value);
    const drawdown = 1 - value / peak;
    return drawdown * drawdown;
  });
  const mean = meanOf(squares);
  return mean === null ? null : Math.sqrt(mean);
}

function tailRatioOf(returns: readonly number[]): number | null {
  if (returns.length < TAIL_LEAST_DAYS) return null;
  const [worst, best] = [quantileOf(returns, 0.05)!, quantileOf(returns, 0.95)!];
  return worst < 0 ? best / -worst : null;
}

/** What won over what was lost; null when nothing was lost. */
export function profitFactorOf(netResults: readonly number[]): number | null {
  const lost = -sum(netResults.filter((value) => value < 0));
  return lost > 0 ? sum(netResults.filter((value) => value > 0)) / lost : null;
}

/** Share of results above zero; null without a result. */
export function winRateOf(netResults: readonly number[]): number | null {
  return netResults.length === 0 ? null : netResults.filter((value) => value > 0).length / netResults.length;
}

function systemQuality(netReturns: readonly number[]): number | null {
  const [mean, spread] = [meanOf(netReturns), deviationOf(netReturns)];
  return mean === null || spread === null ? null : (Math.sqrt(netReturns.length) * mean) / spread;
}

function smallestOf(values: readonly number[]): number | null {
  let smallest: number | null = null;
  for (const value of values) if (smallest === null || value < smallest) smallest = value;
  return smallest;
}
