import type { Denial } from '#engine/risk/denial.ts';
import type { Fill, Trade } from '#engine/simulation/types.ts';
import type { ForcedSale, OrderTrace } from '#engine/trading/account-record.ts';

/**
 * What has come of an account's orders since it was last asked. Only one at a venue judges its orders, perhaps long after they were decided,
 * and orders sales of its own: in a simulation a target is one of the market's doings, like a stop.
 */
export interface MarketRecord {
  readonly fills: readonly Fill[];
  readonly trades: readonly Trade[];
  readonly denials: readonly Denial[];
  readonly traces?: readonly OrderTrace[];
  readonly forced?: readonly ForcedSale[];
}

export const nothing: MarketRecord = { fills: [], trades: [], denials: [] };

/** One after the other. */
export function joined(one: MarketRecord, other: MarketRecord): Required<MarketRecord> {
  return {
    fills: [...one.fills, ...other.fills],
    trades: [...one.trades, ...other.trades],
    denials: [...one.denials, ...other.denials],
    traces: [...(one.traces ?? []), ...(other.traces ?? [])],
    forced: [...(one.forced ?? []), ...(other.forced ?? [])],
  };
}
