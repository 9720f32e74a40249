import { z } from 'zod';
import type { SimulationSnapshot } from '#engine/simulation/snapshot.ts';
import { StoredSimulation } from '#engine/simulation/snapshot-schema.ts';
import { StoredVenueAccount, VENUE_ACCOUNT, type VenueAccountSnapshot } from '#engine/trading/venue-account-snapshot.ts';

/** An account as it is stored and reported. A simulated one goes on from it; that of a venue goes on from the journal. */
export type AccountSnapshot = SimulationSnapshot | VenueAccountSnapshot;

export const StoredAccount: z.ZodType<AccountSnapshot> = z.union([StoredSimulation, StoredVenueAccount]);

export function isOfVenue(snapshot: AccountSnapshot): snapshot is VenueAccountSnapshot {
  return snapshot.schema === VENUE_ACCOUNT;
}
