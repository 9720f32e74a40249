import { z } from 'zod';
import type { Metrics as EngineMetrics } from '#engine/backtest/types.ts';
import { Count, Digest, ParameterValues, Ratio } from './units.ts';

const Maybe = z.number().nullable();

/** The engine's metrics, see `Metrics` in engine/backtest/types.ts for meaning, unit and source of each. All of them, and no other. */
const Metrics = z.strictObject({
  bars: Count,
  trades: Count,
  netReturn: Ratio,
  cagr: Maybe,
  volatility: Maybe,
  sharpe: Maybe,
  sortino: Maybe,
  calmar: Maybe,
  maxDrawdown: Ratio,
  maxDrawdownBars: Count,
  ulcer: Maybe,
  tailRatio: Maybe,
  alpha: Maybe,
  beta: Maybe,
  profitFactor: Maybe,
  expectancy: Maybe,
  winRate: Maybe,
  sqn: Maybe,
  exposure: Ratio,
  turnover: z.number(),
  fees: z.number(),
  feeShare: Maybe,
  averageHoldBars: Maybe,
  averageAdverseExcursion: Maybe,
  averageFavourableExcursion: Maybe,
  worstAdverseExcursion: Maybe,
} satisfies Record<keyof EngineMetrics, z.ZodType>);

/** One backtest: the digest of what went in, the digest of what came out, and the numbers people read. */
export const Run = z.strictObject({ resultId: Digest, resultDigest: Digest, metrics: Metrics });
export type Run = z.infer<typeof Run>;

/** The yardstick that needs no skill: equal weights bought at the first open, held to the last close, after costs. */
export const BuyAndHold = z.strictObject({ netReturn: Ratio, maxDrawdown: Ratio });

export const Version = z.strictObject({
  /** Digest of the checked bundle that ran. */
  artifact: Digest,
  parameters: ParameterValues,
  development: Run,
  selection: Run,
});
