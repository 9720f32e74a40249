import type { Difference } from '#bot/evidence/pack/comparison.ts';
import type { Series } from '#engine/statistics/observations.ts';
import { pairedBootstrapInterval } from '#engine/statistics/paired-bootstrap-interval.ts';
import { maximumDrawdown, totalReturn } from '#engine/statistics/return-statistics.ts';
import { annualSharpe } from './annual.ts';
import { streamOf } from './streams.ts';

/**
 * How far one series of daily returns is from another in return, Sharpe ratio and drawdown, with 95 % intervals: days are drawn
 * again in blocks, the same for both, so that the market's good and bad days cancel (see `pairedBootstrapInterval`).
 * @param other on the same days @param name of the other, which names the stream
 */
export function differences(
  candidate: Series,
  other: Series,
  { seed, resamples, name }: { seed: number; resamples: number; name: string },
): Difference {
  const options = (what: string) => ({ random: streamOf(seed, `difference/${name}/${what}`), resamples });
  return {
    netReturn: pairedBootstrapInterval(candidate, other, totalReturn, options('net-return')),
    sharpe: pairedBootstrapInterval(candidate, other, annualSharpe, options('sharpe')),
    maxDrawdown: pairedBootstrapInterval(candidate, other, maximumDrawdown, options('drawdown')),
  };
}
