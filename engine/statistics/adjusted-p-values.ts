import { demandWithin } from './observations.ts';

/**
 * Holm's step-down p-values: reject those at most α, and the chance of even one false rejection is at most α, whatever depends on
 * what. The i-th smallest of m becomes the largest of (m - j + 1)·p(j) over j ≤ i, at most 1.
 * Holm (1979), "A simple sequentially rejective multiple test procedure".
 * @returns in the order of the input; nothing of nothing
 * @throws statistics/out-of-range where a p-value is not in [0, 1]
 */
export function holm(pValues: readonly number[]): number[] {
  const adjusted = new Array<number>(pValues.length);
  let largest = 0;
  for (const [place, index] of risingOrder(pValues).entries()) {
    largest = Math.max(largest, (pValues.length - place) * pValues[index]!);
    adjusted[index] = Math.min(1, largest);
  }
  return adjusted;
}

/**
 * Benjamini, Hochberg and Yekutieli's step-up p-values: reject those at most q, and the expected share of false ones among the
 * rejected is at most q, whatever depends on what. The i-th smallest of m becomes the smallest of c(m)·m/j·p(j) over j ≥ i, at
 * most 1, with c(m) = 1 + 1/2 + … + 1/m. Benjamini and Yekutieli (2001), theorem 1.3.
 * @returns in the order of the input; nothing of nothing
 * @throws statistics/out-of-range where a p-value is not in [0, 1]
 */
export function benjaminiHochbergYekutieli(pValues: readonly number[]): number[] {
  const count = pValues.length;
  const adjusted = new Array<number>(count);
  let harmonic = 0;
  for (let term = 1; term <= count; term += 1) harmonic += 1 / term;
  let smallest = 1;
  for (const [place, index] of [...risingOrder(pValues).entries()].reverse()) {
    smallest = Math.min(smallest, (harmonic * count * pValues[index]!) / (place + 1));
    adjusted[index] = smallest;
  }
  return adjusted;
}

function risingOrder(pValues: readonly number[]): number[] {
  for (const [index, value] of pValues.entries()) demandWithin(value, 0, 1, `p-value ${index}`);
  return pValues.map((_, index) => index).sort((left, right) => pValues[left]! - pValues[right]!);
}
