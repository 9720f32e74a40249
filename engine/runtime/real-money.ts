import { z } from 'zod';
import type { Stage } from '#engine/contract/manifest.ts';
import type { EngineReader } from '#engine/store/engine-reader.ts';
import type { EngineStore } from '#engine/store/engine-store.ts';
import { knownLimits } from './limits.ts';
import { accountKindOf } from './slot-account.ts';

/**
 * Real money moves only where four things say so, each from another hand: `live.allowed` in policies/risk.yaml on main, the stage in the
 * strategy's manifest, the venue and key this engine was started with, and a person who typed the account's name.
 */
export interface RealMoney {
  /** What main's risk policy says; false before any was read. */
  readonly isAllowed: boolean;
  /** Where this engine may send orders; null where it was given no venue. */
  readonly venue: TradedVenue | null;
  /** Which account a person has confirmed by its name; null where nobody has. */
  readonly confirmedAccount: string | null;
}

export interface TradedVenue {
  readonly name: string;
  /** Names the account without telling its key. */
  readonly account: string;
  /** Nobody's money: an exchange on this machine, to rehearse on. Policy and confirmation are then not asked. */
  readonly isRehearsal: boolean;
}

/** Why a version of this stage may not trade here, one clause without its full stop; null where it may. */
export function realMoneyRefusal(stage: Stage, { isAllowed, venue, confirmedAccount }: RealMoney): string | null {
  if (accountKindOf(stage) === 'simulated') return null;
  const needs = `stage '${stage}' trades with real money`;
  if (venue === null) return `${needs}, and this engine was started without a venue, so it runs shadow and paper`;
  if (venue.isRehearsal) return null;
  if (!isAllowed) return `${needs}, and policies/risk.yaml on main does not say live.allowed: true`;
  if (confirmedAccount === venue.account) return null;
  return `${needs}, and nobody has confirmed the account ${venue.account}: start the engine with --confirm-live ${venue.account}`;
}

/** The switches as the record has them. */
export function realMoneyOf(record: Pick<EngineReader, 'meta'>, venue: TradedVenue | null = null): RealMoney {
  const isAllowed = knownLimits(record)?.live?.allowed ?? false;
  return { isAllowed, venue, confirmedAccount: confirmationIn(record)?.account ?? null };
}

const venueKey = 'traded-venue';
const StoredVenue = z.strictObject({ name: z.string(), account: z.string(), isRehearsal: z.boolean() });

/** Where the engine sends orders, for whoever reads the record; null once it is started without a venue. */
export function keepTradedVenue(store: EngineStore, venue: TradedVenue | null): void {
  store.setMeta(venueKey, JSON.stringify(venue));
}

export function tradedVenueIn(record: Pick<EngineReader, 'meta'>): TradedVenue | null {
  return StoredVenue.nullable().parse(JSON.parse(record.meta(venueKey) ?? 'null'));
}

const confirmationKey = 'live-confirmation';

const Confirmation = z.strictObject({ account: z.string(), by: z.string(), at: z.iso.datetime() });
export type Confirmation = z.infer<typeof Confirmation>;

/** Who has typed which account's name; it outlives restarts, and holds for that account alone. */
export function confirmationIn(record: Pick<EngineReader, 'meta'>): Confirmation | null {
  const said = record.meta(confirmationKey);
  return said === null ? null : Confirmation.parse(JSON.parse(said));
}

export function keepConfirmation(store: EngineStore, confirmation: Confirmation): void {
  store.setMeta(confirmationKey, JSON.stringify(confirmation));
}
