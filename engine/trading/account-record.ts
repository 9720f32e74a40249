import type { Denial } from '#engine/risk/denial.ts';
import type { CheckResult } from '#engine/risk/judge-order.ts';
import type { ExitCause, Fill, Trade } from '#engine/simulation/types.ts';
import type { BarMemory, ForcedMemory } from './lane.ts';
import type { LaneFill } from './ledger.ts';
import { type ClosedPosition, feesOf, pairOf } from './position.ts';

/** How every check of an order answered, with the numbers. */
export interface OrderTrace {
  /** Market time of the decision. */
  readonly instant: number;
  readonly symbol: string;
  readonly trace: readonly CheckResult[];
}

export interface ForcedSale extends ForcedMemory {
  readonly symbol: string;
}

/** Up to where a strategy's record was taken: the journal's numbers of the last fill and the last note, of dust or of what was written off. */
export interface Taken {
  readonly fill: number;
  readonly dust: number;
}

/** What has happened to a strategy's account and was not taken yet. */
export interface AccountRecord {
  readonly fills: LaneFill[];
  readonly closed: {
    readonly symbol: string;
    readonly closed: ClosedPosition;
    readonly dust: number | null;
    readonly bars: BarMemory | null;
  }[];
  readonly denials: Denial[];
  readonly traces: OrderTrace[];
}

export function emptyRecord(): AccountRecord {
  return { fills: [], closed: [], denials: [], traces: [] };
}

/** Up to where a record goes that is taken as a whole. */
export function allOf({ fills, closed }: AccountRecord): Taken {
  const fill = fills.reduce((most, told) => Math.max(most, told.fill.id), 0);
  const dust = closed.reduce((most, told) => Math.max(most, told.dust ?? 0), 0);
  return { fill, dust };
}

/** A fill in the simulation's words. */
export function fillOf({ fill, order }: LaneFill): Fill {
  return {
    time: fill.time,
    symbol: fill.symbol,
    side: fill.side,
    quantity: fill.quantity.toNumber(),
    price: fill.price.toNumber(),
    fee: feesOf(fill, pairOf(fill.symbol)).value.toNumber(),
    isMaker: fill.isMaker,
    cause: order.cause as Fill['cause'],
    reason: order.reason,
  };
}

/**
 * A trade in the simulation's words.
 * @param bars what the bars told while it was held; null where a restart has forgotten it
 */
export function tradeOf(
  symbol: string,
  { opened, exitTime, exitReason, exitCause }: ClosedPosition,
  bars: BarMemory | null,
  barMs: number,
): Trade {
  const spent = opened.boughtCost.toNumber();
  const proceeds = opened.soldValue.toNumber();
  const fees = opened.fees.toNumber();
  const entryPrice = opened.boughtCost.div(opened.boughtQuantity).toNumber();
  const exitPrice = opened.soldValue.div(opened.soldQuantity).toNumber();
  const netResult = proceeds - spent - fees;
  const own = bars?.fill === opened.fill ? bars : null;
  const change = exitPrice / entryPrice - 1;
  return {
    symbol,
    entryTime: opened.time,
    exitTime,
    entryPrice,
    exitPrice,
    quantity: opened.boughtQuantity.toNumber(),
    fees,
    netResult,
    netReturn: netResult / spent,
    barsHeld: own?.barsHeld ?? Math.max(0, Math.floor((exitTime - opened.time) / barMs)),
    maxAdverseExcursion: Math.min(0, own?.adverse ?? 0, change),
    maxFavourableExcursion: Math.max(0, own?.favourable ?? 0, change),
    entryReason: opened.reason,
    exitReason,
    exitCause: exitCause satisfies ExitCause,
    version: opened.version,
  };
}
