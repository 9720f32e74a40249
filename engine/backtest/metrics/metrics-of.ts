import { meanOf } from '#engine/statistics/moments.ts';
import type { Series } from '#engine/statistics/observations.ts';
import { quantileOf } from '#engine/statistics/quantile.ts';
import type { LoopResult } from '../loop.ts';
import type { Metrics } from '../types.ts';
import { dailyReturns } from './daily-returns.ts';
import { marketLine } from './market-line.ts';
import { downsideDeviationOf, spreadOf } from './sample-statistics.ts';
import type { TradeFigures } from './trade-figures.ts';

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
export function metricsOf(run: MeasuredRun, trades: TradeFigures, capital: number, benchmark: readonly number[] | null): Metrics {
  const { equity } = run;
  const final = equity.value.at(-1) ?? capital;
  const meanEquity = run.instants === 0 ? capital : run.equitySum / run.instants;
  const grossGain = grossGainOf(trades);
  return {
    bars: run.bars,
    trades: trades.count,
    netReturn: final / capital - 1,
    ...(trades.count === 0 ? NOTHING_TO_SAY : curveMetrics(run, capital, benchmark)),
    maxDrawdown: run.maxDrawdown,
    maxDrawdownBars: run.maxDrawdownBars,
    profitFactor: profitFactorOf(trades.netResults),
    expectancy: meanOf(trades.netReturns),
    winRate: winRateOf(trades.netResults),
    sqn: systemQuality(trades.netReturns),
    exposure: run.instants === 0 ? 0 : run.investedInstants / run.instants,
    turnover: run.turnover / meanEquity,
    fees: run.fees,
    feeShare: grossGain > 0 ? run.fees / grossGain : null,
    averageHoldBars: meanOf(trades.barsHeld),
    averageAdverseExcursion: meanOf(trades.adverse),
    averageFavourableExcursion: meanOf(trades.favourable),
    worstAdverseExcursion: smallestOf(trades.adverse),
  };
}

/** What a loop measured beside its trades. */
type MeasuredRun = Omit<LoopResult, 'trades'>;

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
  { equity, firstTime, maxDrawdown }: MeasuredRun,
  capital: number,
  benchmark: readonly number[] | null,
): CurveMetrics {
  const days = equity.time.length === 0 ? 0 : (equity.time.at(-1)! - firstTime) / DAY_MS;
  const returns = dailyReturns(capital, equity.value);
  const mean = meanOf(returns);
  const spread = spreadOf(returns);
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

/** What the trades that won before fees brought, quote asset. */
function grossGainOf({ count, netResults, fees }: TradeFigures): number {
  let gain = 0;
  for (let at = 0; at < count; at += 1) gain += Math.max(0, netResults[at]! + fees[at]!);
  return gain;
}

/** What won over what was lost; null when nothing was lost. */
export function profitFactorOf(netResults: Series): number | null {
  let [won, lost] = [0, 0];
  for (let at = 0; at < netResults.length; at += 1) {
    const result = netResults[at]!;
    if (result > 0) won += result;
    else lost -= result;
  }
  return lost > 0 ? won / lost : null;
}

/** Share of results above zero; null without a result. */
export function winRateOf(netResults: Series): number | null {
  let won = 0;
  for (let at = 0; at < netResults.length; at += 1) if (netResults[at]! > 0) won += 1;
  return netResults.length === 0 ? null : won / netResults.length;
}

function systemQuality(netReturns: Series): number | null {
  const [mean, spread] = [meanOf(netReturns), spreadOf(netReturns)];
  return mean === null || spread === null ? null : (Math.sqrt(netReturns.length) * mean) / spread;
}

function smallestOf(values: Series): number | null {
  if (values.length === 0) return null;
  let smallest = values[0]!;
  for (let at = 1; at < values.length; at += 1) if (values[at]! < smallest) smallest = values[at]!;
  return smallest;
}
