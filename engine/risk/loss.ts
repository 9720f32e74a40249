/** What was lost on the way from one equity to another, a ratio of the former; never below zero. */
export function lossFrom(from: number, to: number): number {
  return from > 0 ? Math.max(0, 1 - to / from) : 0;
}
