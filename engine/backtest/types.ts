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

/** Ratios, not per cents; null where the number has no meaning (no trade, no variance). */
export interface Metrics {
  readonly bars: number;
  readonly trades: number;
  readonly netReturn: number;
  readonly cagr: number | null;
  readonly volatility: number | null;
  readonly sharpe: number | null;
  readonly sortino: number | null;
  readonly calmar: number | null;
  readonly maxDrawdown: number;
  readonly maxDrawdownBars: number;
  readonly profitFactor: number | null;
  readonly expectancy: number | null;
  readonly winRate: number | null;
  readonly exposure: number;
  readonly turnover: number;
  readonly fees: number;
  readonly feeShare: number | null;
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
