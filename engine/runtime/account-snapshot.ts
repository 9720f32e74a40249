import { z } from 'zod';
import type { SimulationSnapshot } from '#engine/simulation/snapshot.ts';
import { ACCOUNT_SHAPE, StoredSimulation } from '#engine/simulation/snapshot-schema.ts';

const VENUE_ACCOUNT = 'ratchet/venue-account/1';

/**
 * What the journal said of a strategy's account at a venue when it was stored: for readers, in the simulation's words. The journal
 * itself is the truth, and what a restart goes on from.
 */
export type VenueAccountSnapshot = Omit<SimulationSnapshot, 'schema'> & { schema: typeof VENUE_ACCOUNT };

/** An account as it is stored and reported. */
export type AccountSnapshot = SimulationSnapshot | VenueAccountSnapshot;

const StoredVenueAccount: z.ZodType<VenueAccountSnapshot> = z.strictObject({
  schema: z.literal(VENUE_ACCOUNT),
  ...ACCOUNT_SHAPE,
});

export const StoredAccount: z.ZodType<AccountSnapshot> = z.union([StoredSimulation, StoredVenueAccount]);

export function isOfVenue(snapshot: AccountSnapshot): snapshot is VenueAccountSnapshot {
  return snapshot.schema === VENUE_ACCOUNT;
}
