import { ZERO } from './decimals.ts';
import type { Lane } from './lane.ts';
import type { Ledger } from './ledger.ts';

/**
 * From now on all that the lane holds is to be sold. It is written with the ledger's next commit.
 * @param note is told first, unless this is so already
 */
export function wishSold(ledger: Ledger, lane: Lane, reason: string, note: (lane: Lane) => void = () => undefined): void {
  const { wish, decided } = lane.memory;
  if (wish?.kind === 'sell' && wish.downTo.eq(0)) return;
  note(lane);
  ledger.remember(lane, { wish: { kind: 'sell', instant: decided, downTo: ZERO, cause: 'decision', reason } });
}

/** The same of everything that is held; nothing that waits to be bought is bought. Written at once. */
export function wishAllSold(ledger: Ledger, reason: string, note: (lane: Lane) => void): void {
  for (const lane of ledger.lanes) {
    if (lane.position.isOpen) wishSold(ledger, lane, reason, note);
    else if (lane.memory.wish?.kind === 'enter') ledger.remember(lane, { wish: null });
  }
  ledger.commit();
}
