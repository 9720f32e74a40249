import type { Prediction } from '#bot/evidence/pack/prediction.ts';
import { automaticBlockLength } from '#engine/statistics/block-length.ts';
import { varianceOf } from '#engine/statistics/moments.ts';
import type { Series } from '#engine/statistics/observations.ts';
import { quantileOf } from '#engine/statistics/quantile.ts';
import { maximumDrawdown, totalReturn } from '#engine/statistics/return-statistics.ts';
import { stationaryBootstrapIndices } from '#engine/statistics/stationary-bootstrap.ts';
import { streamOf } from './streams.ts';

/** From fewer days no quarter of a year can be drawn. */
const LEAST_DAYS = 30;

/**
 * What the next days should bring if they are like the selection days: futures are drawn from them by the stationary bootstrap
 * (Politis and Romano 1994), and their quantiles are what is promised. The candidate was chosen among others, so the promise errs on
 * the bright side: a reason for the kill rule to be kept.
 * @param returns daily, on the selection data; never further ahead than they are long
 */
export function prediction(
  returns: Series,
  { seed, resamples, days: asked }: { seed: number; resamples: number; days: number },
): Prediction {
  if (returns.length < LEAST_DAYS || !varianceOf(returns)) return null;
  const days = Math.min(asked, returns.length);
  const random = streamOf(seed, 'prediction');
  const blockLength = automaticBlockLength(returns);
  const indices = new Int32Array(returns.length);
  const future = new Float64Array(days);
  const [netReturns, drawdowns] = [new Float64Array(resamples), new Float64Array(resamples)];
  for (let round = 0; round < resamples; round += 1) {
    stationaryBootstrapIndices(returns.length, blockLength, random, indices);
    for (let day = 0; day < days; day += 1) future[day] = returns[indices[day]!]!;
    netReturns[round] = totalReturn(future);
    drawdowns[round] = maximumDrawdown(future);
  }
  const at = (share: number) => quantileOf(netReturns, share)!;
  return {
    days,
    netReturn: { low: at(0.05), median: at(0.5), high: at(0.95) },
    maxDrawdown: quantileOf(drawdowns, 0.95)!,
    killRule: { maxDrawdown: quantileOf(drawdowns, 0.99)!, netReturn: at(0.05), afterDays: days },
  };
}
