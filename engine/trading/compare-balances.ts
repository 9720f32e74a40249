import type Big from 'big.js';
import { ZERO } from './decimals.ts';

export interface BalanceFacts {
  /** What the venue says is there, by asset. */
  readonly actual: ReadonlyMap<string, Big>;
  /** What was there before any fill of ours, by asset. */
  readonly baseline: ReadonlyMap<string, Big>;
  /** What our fills and their fees have made of it. */
  readonly flow: (asset: string) => Big;
  /** A difference up to this is rounding of the venue's. */
  readonly tolerance: (asset: string) => Big;
}

/** An asset of which the account has another amount than the journal explains. */
export interface Drift {
  readonly asset: string;
  readonly expected: Big;
  readonly actual: Big;
  readonly difference: Big;
}

/** Every asset with a baseline whose balance is not what baseline and fills make it. */
export function compareBalances({ actual, baseline, flow, tolerance }: BalanceFacts): Drift[] {
  const drifts: Drift[] = [];
  for (const [asset, before] of baseline) {
    const expected = before.plus(flow(asset));
    const is = actual.get(asset) ?? ZERO;
    const difference = is.minus(expected);
    if (difference.abs().gt(tolerance(asset))) drifts.push({ asset, expected, actual: is, difference });
  }
  return drifts;
}
