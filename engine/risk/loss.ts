/** What was lost on the way from one equity to another, a ratio of the former; never below zero. 950 of 1,000 have lost exactly 0.05. */
export function lossFrom(from: number, to: number): number {
  return from > 0 ? Math.max(0, (from - to) / from) : 0;
}
