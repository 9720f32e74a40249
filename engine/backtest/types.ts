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
 * Ratios, not per cents; null where the number has no meaning (no trade, no variance).
 * Daily returns are changes of equity between ends of UTC days; annual figures count 365 days.
 */
export interface Metrics {
  /** Bars traded through, over all symbols; bars without volume do not count. */
  readonly bars: number;
  /** Positions opened and closed, the ones closed by the end of the data included. */
  readonly trades: number;
  /** Final equity / capital - 1, after all costs. */
  readonly netReturn: number;
  /** Compound annual growth rate: (1 + netReturn)^(365 / days) - 1; null for less than 30 days. */
  readonly cagr: number | null;
  /** Sample standard deviation of daily returns × √365. */
  readonly volatility: number | null;
  /** Mean over sample standard deviation of daily returns, × √365, risk-free rate 0 (Sharpe 1966, 1994). */
  readonly sharpe: number | null;
  /** Mean over downside deviation of daily returns (root of the mean of min(0, r)² over all days), × √365 (Sortino and Price 1994). */
  readonly sortino: number | null;
  /** cagr / maxDrawdown (Young 1991). */
  readonly calmar: number | null;
  /** Largest fall of equity from an earlier peak, bar by bar, as a ratio of that peak. */
  readonly maxDrawdown: number;
  /** Longest stretch below an earlier peak, in base bars. */
  readonly maxDrawdownBars: number;
  /** Sum of the winning trades' net results / sum of the losing ones'; null when none lost. */
  readonly profitFactor: number | null;
  /** Mean net return of a trade. */
  readonly expectancy: number | null;
  /** Share of trades with a net result above zero. */
  readonly winRate: number | null;
  /** Share of bars at whose close a position was open. */
  readonly exposure: number;
  /** Value bought and sold / mean equity, over the whole span. */
  readonly turnover: number;
  /** Quote asset. */
  readonly fees: number;
  /** Fees / what the trades that gained before fees gained before fees. */
  readonly feeShare: number | null;
  /** Mean number of base bars a trade was held. */
  readonly averageHoldBars: number | null;
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
