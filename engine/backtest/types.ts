import type { Dataset, Span } from '#engine/candles/types.ts';
import type { MarketRules, Trade } from '#engine/simulation/types.ts';

/** Everything a result depends on; its canonical digest, with the semantics version, is the result id. */
export interface BacktestRequest {
  /** Digest of the checked bundle, `sha256:…`. */
  readonly artifact: string;
  readonly parameters: Readonly<Record<string, number>>;
  readonly dataset: Dataset;
  /** Bars before `from` warm the strategy up; trading and metrics cover `from` to `to`. */
  readonly span: Span;
  /** By symbol. */
  readonly markets: Readonly<Record<string, MarketRules>>;
  /** Quote asset. */
  readonly capital: number;
  readonly seed: number;
  /** Decisions execute this many bars later than they should: 0, or 1 for the delay test. */
  readonly delayBars: number;
}

/**
 * Ratios, not per cents. What was counted or paid is a number even when it is none (bars, fees, exposure, a drawdown of 0);
 * what is said about trades or returns is null where it has no meaning: without a trade, without variance, without a loss to divide by.
 *
 * r(d) is a daily return: the change of equity between the ends of two UTC days, as a ratio; the first from the capital, the last
 * up to the end of the data. Sums over days or trades go in order of time. Annual figures count 365 days.
 */
export interface Metrics {
  /** Bars traded through, over all symbols; bars without volume do not count. */
  readonly bars: number;
  /** Positions opened and closed, the ones closed by the end of the data included. */
  readonly trades: number;
  /** Final equity / capital - 1, after all costs; over the whole span, not annual. */
  readonly netReturn: number;
  /**
   * Compound annual growth rate, ratio a year: (1 + netReturn)^(365 / days) - 1, days from the first bar's open to the last close
   * (Bacon 2008, eq. 2.20). Null for less than 30 days.
   */
  readonly cagr: number | null;
  /** Ratio a year: sample standard deviation (n - 1) of r(d) × √365 (Markowitz 1952). */
  readonly volatility: number | null;
  /** Annual: mean of r(d) / their sample standard deviation × √365, risk-free rate 0 (Sharpe 1966, 1994). */
  readonly sharpe: number | null;
  /** Annual: mean of r(d) / √(mean over all days of min(0, r(d))²) × √365, target return 0 (Sortino and Price 1994). Null without a losing day. */
  readonly sortino: number | null;
  /** cagr / maxDrawdown, over the whole span instead of the last three years (Young 1991). Null where either is null or 0. */
  readonly calmar: number | null;
  /** max over bars of 1 - equity / highest equity so far, capital included, at closes (Magdon-Ismail and Atiya 2004). */
  readonly maxDrawdown: number;
  /** Longest stretch below an earlier peak, in base bars (points in time at which any symbol had a bar). */
  readonly maxDrawdownBars: number;
  /** Ratio: √(mean over days of (1 - equity / highest equity so far)²), at ends of UTC days (Martin and McCann 1989). */
  readonly ulcer: number | null;
  /** 95th percentile of r(d) / |5th percentile|, interpolated (Hyndman and Fan 1996, type 7; the ratio as in Quantopian's empyrical, 2016). Null below 20 days or when the 5th is no loss. */
  readonly tailRatio: number | null;
  /** Ratio a year: (mean r - beta × mean b) × 365, b the daily returns of equal-weight buy-and-hold after costs, risk-free rate 0 (Jensen 1968). Null below 20 days. */
  readonly alpha: number | null;
  /** cov(r, b) / var(b), b as for alpha (Sharpe 1964). Null below 20 days. */
  readonly beta: number | null;
  /** Sum of the winning trades' net results / sum of the losing ones' (Pardo 2008); null when none lost. */
  readonly profitFactor: number | null;
  /** Mean net return of a trade, as a ratio of what was put in (Tharp 1998, with the return in the place of R). */
  readonly expectancy: number | null;
  /** Share of trades with a net result above zero (Pardo 2008). */
  readonly winRate: number | null;
  /**
   * System quality number: √trades × mean net return of a trade / its sample standard deviation (Tharp 2008). The return stands for R,
   * as not every strategy states its risk; the count of trades is not cut at 100. Null below two trades.
   */
  readonly sqn: number | null;
  /** Share of bars at whose close a position was open (time in the market, Pardo 2008). */
  readonly exposure: number;
  /** Value bought and sold / mean equity over bars; over the whole span, not annual (two-sided, after Grinold and Kahn 1999). */
  readonly turnover: number;
  /** Entry and exit fees of all fills, quote asset. */
  readonly fees: number;
  /** Fees / what the trades that gained before fees gained before fees; above 1, fees ate more than was gained. Our own definition. */
  readonly feeShare: number | null;
  /** Mean number of base bars a trade was held. */
  readonly averageHoldBars: number | null;
  /** Mean over trades of the worst price / entry price - 1 while held, at most 0 (MAE, Sweeney 1996). */
  readonly averageAdverseExcursion: number | null;
  /** Mean over trades of the best price / entry price - 1 while held, at least 0 (MFE, Sweeney 1996). */
  readonly averageFavourableExcursion: number | null;
  /** The worst of the trades' adverse excursions. */
  readonly worstAdverseExcursion: number | null;
}

/** Equity in quote asset at the close of each UTC day (and at the end). */
export interface EquityCurve {
  readonly time: readonly number[];
  readonly value: readonly number[];
}

export interface DecisionCount {
  readonly action: string;
  readonly reason: string;
  readonly count: number;
}

export interface BacktestResult {
  readonly resultId: string;
  /** `sha256:…` of the canonical JSON of everything below: equal digests are equal bytes. */
  readonly resultDigest: string;
  readonly metrics: Metrics;
  readonly trades: readonly Trade[];
  readonly equity: EquityCurve;
  readonly decisions: readonly DecisionCount[];
}
