import type { Statistics } from '#bot/evidence/pack/statistics.ts';
import { bootstrapInterval } from '#engine/statistics/bootstrap-interval.ts';
import type { Series } from '#engine/statistics/observations.ts';
import { maximumDrawdown, totalReturn } from '#engine/statistics/return-statistics.ts';
import { annualSharpe } from './annual.ts';
import { streamOf } from './streams.ts';

/** 95 % intervals of Sharpe ratio, return and drawdown by the stationary bootstrap, blocks by Politis and White's rule. */
export function intervals(returns: Series, { seed, resamples }: { seed: number; resamples: number }): Statistics['intervals'] {
  const options = (what: string) => ({ random: streamOf(seed, `interval/${what}`), resamples });
  return {
    sharpe: bootstrapInterval(returns, annualSharpe, options('sharpe')),
    netReturn: bootstrapInterval(returns, totalReturn, options('net-return')),
    maxDrawdown: bootstrapInterval(returns, maximumDrawdown, options('drawdown')),
  };
}
