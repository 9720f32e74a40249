import { demandFinite, type Series } from './observations.ts';

// Both compound returns from a capital of 1. Who has lost all of it is ruined: no later return brings anything back.

/**
 * What the returns compound to: Π(1 + r) - 1, at least -1; 0 of nothing.
 * @param returns ratios per observation: 0.01 is one per cent
 * @throws statistics/not-finite
 */
export function totalReturn(returns: Series): number {
  demandFinite(returns, 'the returns');
  let equity = 1;
  for (let index = 0; index < returns.length && equity > 0; index += 1) equity *= 1 + returns[index]!;
  return Math.max(0, equity) - 1;
}

/**
 * The deepest fall from a peak of the compounded returns, as a share of the peak, in [0, 1]; the starting capital is a peak.
 * @param returns ratios per observation
 * @throws statistics/not-finite
 */
export function maximumDrawdown(returns: Series): number {
  demandFinite(returns, 'the returns');
  let equity = 1;
  let peak = 1;
  let deepest = 0;
  for (let index = 0; index < returns.length; index += 1) {
    equity *= 1 + returns[index]!;
    if (equity <= 0) return 1;
    peak = Math.max(peak, equity);
    deepest = Math.max(deepest, 1 - equity / peak);
  }
  return deepest;
}
