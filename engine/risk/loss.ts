/** What was lost on the way from one equity to another, a ratio of the former; never below zero. 950 of 1,000 have lost exactly 0.05. */
export function lossFrom(from: number, to: number): number {
  return from > 0 ? Math.max(0, (from - to) / from) : 0;
}

/** What an equity is held against, quote asset. */
interface Held {
  readonly peak: number;
  readonly dayOpening: number;
}

/**
 * What an equity is held against after money came or went that was neither won nor lost: what is lost of it stays the same part of it, as
 * of a fund that people pay into and are paid out of. Null where there was nothing, or nothing is left, that a part could be of.
 */
export function heldAgainst({ peak, dayOpening }: Held, equity: number, amount: number): Held | null {
  const left = equity + amount;
  if (!(equity > 0 && left > 0)) return null;
  const ratio = left / equity;
  return { peak: peak * ratio, dayOpening: dayOpening * ratio };
}
