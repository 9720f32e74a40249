import type { JournalFill } from '#engine/store/journal/journal-rows.ts';
import type { VenueMarket } from '#engine/venues/venue.ts';
import type { Finding } from './freezes.ts';
import type { Lane } from './lane.ts';
import { pairOf } from './position.ts';

/**
 * A sale that was given up and came after all, beside the one that was sent in its place, has sold what was not the lane's to sell. The
 * balances agree with that, so nothing else would tell.
 * @param lane as the fill has left it
 * @returns null for a fill that sold no more than was held
 */
export function oversold(
  { symbol, strategy, position }: Pick<Lane, 'symbol' | 'strategy' | 'position'>,
  { side, fillId }: Pick<JournalFill, 'side' | 'fillId'>,
  market: Pick<VenueMarket, 'stepSize'> | undefined,
): Finding | null {
  const owed = position.quantity.times(-1);
  // A fee in what was sold may take a little more than was held.
  if (side !== 'sell' || owed.lte(0) || (market !== undefined && owed.lt(market.stepSize))) return null;
  const message = `The fill ${fillId} has sold ${owed} ${pairOf(symbol).base} more than ${strategy} held: they were not the engine's to sell.`;
  return { symbol, code: 'oversold', subject: fillId, message };
}
