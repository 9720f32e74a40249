import { isMissing, max, min, trunc } from '#engine/contract/intrinsics.ts';
import type { Book } from './book.ts';

// Bundled into the strategy realm: no Node imports here.

/*
 * Most bars do nothing but move the mark. A loop may lead its strategy through a run of them and let the simulation catch up
 * afterwards: cash and holdings stay as they are for so long.
 */

/**
 * How many of the bars after the one a book has been brought to, `most` at most, can do nothing to it but age what is held, provided
 * no order waits: no exit is under way or due, and the bars stay between stop and target. A trailing stop moves from bar to bar, so
 * it is never taken for quiet.
 * @param heldMost look no further than so many bars where something is held: what lies behind an exit would be looked at in vain
 */
export function quietBars(book: Book, most: number, heldMost = most): number {
  const { position, agedTo } = book;
  if (position.quantity <= 0) return most;
  if (position.exiting !== null || !isMissing(position.trailDistance)) return 0;
  const { open, high, low } = book.columns;
  const { stopPrice, takePrice, horizonLeft } = position;
  // biome-ignore lint/complexity/useMathMinMax: V8 takes what Math.min gives for a fraction, and converts a count at every use.
  const reach = heldMost < most ? heldMost : most;
  const end = horizonLeft < reach ? trunc(horizonLeft) : reach;
  let count = 0;
  while (count < end) {
    const next = agedTo + 1 + count;
    if (low[next]! <= stopPrice || open[next]! <= stopPrice || high[next]! > takePrice) break;
    count += 1;
  }
  return count;
}

/** Whether the bar after the one a book has been brought to can do nothing to it. */
export function passesQuietly(book: Book): boolean {
  return book.order.kind === 'none' && quietBars(book, 1) === 1;
}

/** Catches up with bars that passed quietly where nothing is held: they can only have moved the mark. */
export function skipQuietBars(book: Book): void {
  if (book.agedTo === book.at) return;
  book.agedTo = book.at;
  book.lastClose = book.columns.close[book.at]!;
}

/**
 * Catches up with bars that passed quietly while a position was held, one an instant, and adds what it was worth at the close of each
 * of these instants to `worths`. A book without such bars adds what it is worth to all `count` instants.
 */
export function ageQuietBars(book: Book, count: number, worths: Float64Array): void {
  const { position, agedTo } = book;
  const { quantity } = position;
  if (agedTo === book.at) {
    const worth = quantity * book.lastClose;
    for (let instant = 0; instant < count; instant += 1) worths[instant] = worths[instant]! + worth;
    return;
  }
  const { high, low, close } = book.columns;
  let lowest = book.lowSinceFill;
  let highest = book.highSinceFill;
  for (let instant = 0; instant < count; instant += 1) {
    const at = agedTo + 1 + instant;
    worths[instant] = worths[instant]! + quantity * close[at]!;
    if (low[at]! < lowest) lowest = low[at]!;
    if (high[at]! > highest) highest = high[at]!;
  }
  book.agedTo = book.at;
  book.lastClose = close[book.at]!;
  position.barsHeld += count;
  position.horizonLeft -= count;
  const entryPrice = position.cost / quantity;
  if (lowest < book.lowSinceFill) {
    book.lowSinceFill = lowest;
    position.adverse = min(position.adverse, lowest / entryPrice - 1);
  }
  if (highest > book.highSinceFill) {
    book.highSinceFill = highest;
    position.favourable = max(position.favourable, highest / entryPrice - 1);
    if (highest > position.trailHigh) position.trailHigh = highest;
  }
}
