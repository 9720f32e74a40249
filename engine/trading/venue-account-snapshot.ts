import { z } from 'zod';
import type { SimulationSnapshot } from '#engine/simulation/snapshot.ts';
import { ACCOUNT_SHAPE } from '#engine/simulation/snapshot-schema.ts';
import type { Taken } from './account-record.ts';
import type { StrategyDesk } from './strategy-desk.ts';
import type { VenueAccountSettings } from './venue-account.ts';

export const VENUE_ACCOUNT = 'ratchet/venue-account/1';

/**
 * What the journal said of a strategy's account at a venue when it was stored: for readers, in the simulation's words. The journal
 * itself is the truth, and what a restart goes on from; only how far its record had been taken is not in it.
 */
export type VenueAccountSnapshot = Omit<SimulationSnapshot, 'schema'> & {
  schema: typeof VENUE_ACCOUNT;
  /** As `Venue.account` names it. */
  account: string;
  taken: Taken;
};

export const StoredVenueAccount: z.ZodType<VenueAccountSnapshot> = z.strictObject({
  schema: z.literal(VENUE_ACCOUNT),
  account: z.string(),
  ...ACCOUNT_SHAPE,
  cash: z.number(),
  fees: z.number(),
  taken: z.strictObject({ fill: z.int(), dust: z.int() }),
});

type BookSnapshot = SimulationSnapshot['books'][number];

export function accountSnapshot(desk: StrategyDesk, { symbols }: VenueAccountSettings): VenueAccountSnapshot {
  const { capital } = desk;
  const sums = { cash: capital, fees: 0, realised: 0, turnover: 0 };
  for (const { position } of desk.lanes) {
    sums.cash += position.cash.toNumber();
    sums.fees += position.feesEver.toNumber();
    sums.realised += position.realised.toNumber();
    sums.turnover += position.turnover.toNumber();
  }
  return {
    schema: VENUE_ACCOUNT,
    account: desk.account,
    capital,
    ...sums,
    time: desk.barTime,
    version: desk.version,
    halt: desk.halt,
    books: symbols.map((symbol) => bookOf(desk, symbol)),
    taken: desk.taken,
  };
}

function bookOf(desk: StrategyDesk, symbol: string): BookSnapshot {
  const lane = desk.lane(symbol);
  const { opened } = lane.position;
  const lastClose = desk.closeOf(symbol);
  if (!lane.position.isOpen || opened === null) return { symbol, lastClose, position: null, order: waitingOf(desk, symbol) };
  const bars = lane.memory.bars?.fill === opened.fill ? lane.memory.bars : null;
  const { wish } = lane.memory;
  return {
    symbol,
    lastClose,
    position: {
      quantity: lane.position.quantity.toNumber(),
      cost: lane.position.cost.toNumber(),
      boughtQuantity: opened.boughtQuantity.toNumber(),
      boughtCost: opened.boughtCost.toNumber(),
      soldQuantity: opened.soldQuantity.toNumber(),
      soldValue: opened.soldValue.toNumber(),
      fees: Math.max(0, opened.fees.toNumber()),
      entryTime: opened.time,
      entryReason: opened.reason,
      version: opened.version,
      barsHeld: bars?.barsHeld ?? 0,
      adverse: bars?.adverse ?? 0,
      favourable: bars?.favourable ?? 0,
      stopPrice: opened.stopPrice?.toNumber() ?? null,
      takePrice: opened.takePrice?.toNumber() ?? null,
      trailDistance: opened.trailDistance,
      trailHigh: bars?.trailHigh ?? opened.firstPrice.toNumber(),
      horizonLeft: bars?.horizon?.left ?? opened.horizon?.bars ?? null,
      exiting: wish?.kind === 'sell' && wish.cause !== 'decision' ? wish.cause : null,
      isEntryBar: bars === null,
      isInsideEntry: false,
    },
    order: waitingOf(desk, symbol),
  };
}

function waitingOf(desk: StrategyDesk, symbol: string): BookSnapshot['order'] {
  const entry = [...desk.lane(symbol).orders.values()].find(({ row }) => row.role === 'entry');
  if (entry === undefined) return null;
  const { row, terms } = entry;
  const left = row.quantity.minus(row.filled).toNumber();
  const price = row.limitPrice?.toNumber() ?? 0;
  return {
    kind: row.kind === 'limit' ? 'limit' : 'buy',
    quantity: left,
    isCompleteExit: false,
    filledQuantity: row.filled.toNumber(),
    filledCost: row.filled.toNumber() * price,
    limitPrice: price,
    barsLeft: null,
    decisionClose: desk.closeOf(symbol) ?? 0,
    reserved: left * price,
    hasRested: row.kind === 'limit',
    reason: row.reason,
    stopLoss: terms.stopLoss,
    takeProfit: terms.takeProfit,
    trailingStop: terms.trailingStop,
    slippageTolerance: null,
    horizonBars: terms.horizonBars,
  };
}
