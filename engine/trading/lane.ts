import Big from 'big.js';
import { z } from 'zod';
import type { ExitCause } from '#engine/simulation/types.ts';
import { CheckRow } from '#engine/store/decision-traces.ts';
import type { FilledOrder, JournalFill, OrderRow } from '#engine/store/journal/journal-rows.ts';
import type { VenueError } from '#engine/venues/venue-error.ts';
import { decimalOf, floorTo } from './decimals.ts';
import type { Position } from './position.ts';
import { EntryTerms } from './terms.ts';

const Decimal = z
  .string()
  .regex(/^\d+(\.\d+)?$/)
  .transform((text) => new Big(text));

const Cause = z.enum([
  'decision',
  'stop',
  'take-profit',
  'trailing-stop',
  'horizon',
  'end-of-data',
]) satisfies z.ZodType<ExitCause>;

/** What a lane is to bring about and has not yet. One at a time: the next one replaces it. */
export const Wish = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('enter'),
    instant: z.int(),
    orderKind: z.enum(['limit', 'limit-ioc']),
    quantity: Decimal,
    limitPrice: Decimal,
    terms: EntryTerms,
    reason: z.string(),
    version: z.string(),
    /** It is dropped when nothing has been sent until then, UTC milliseconds. */
    until: z.int(),
  }),
  /** Whatever rests to buy is taken back. */
  z.strictObject({ kind: z.literal('withdraw'), instant: z.int() }),
  z.strictObject({
    kind: z.literal('sell'),
    instant: z.int(),
    /** What is to be left; zero for an exit. */
    downTo: Decimal,
    cause: Cause,
    reason: z.string(),
  }),
]);
export type Wish = z.infer<typeof Wish>;

/** What the bars have told about the position that is open, or was last. */
const BarMemory = z.strictObject({
  /** The fill that opened it. */
  fill: z.int(),
  barsHeld: z.int(),
  isEntryBar: z.boolean(),
  /** Ratios of the entry price, less 1. */
  adverse: z.number(),
  favourable: z.number(),
  trailHigh: z.number(),
  /** Of the last of them; null for what was remembered before that was. */
  close: z.number().nullable().default(null),
  /** The fill that set the horizon, and the bars that are left of it. */
  horizon: z.strictObject({ fill: z.int(), left: z.int() }).nullable(),
});
export type BarMemory = z.infer<typeof BarMemory>;

/** What made the engine sell all that is held without a decision of the strategy. */
export const ForcedCause = z.enum(['stop', 'trailing-stop', 'take-profit', 'horizon', 'flatten']);
export type ForcedCause = z.infer<typeof ForcedCause>;

/** Such a sale, as it was ordered. */
export const ForcedMemory = z.strictObject({
  cause: ForcedCause,
  reason: z.string(),
  /** How every check of the sale answered; empty where the market was not known. None of them withholds it. */
  checks: z.array(CheckRow).readonly(),
});
export type ForcedMemory = z.infer<typeof ForcedMemory>;

/** What a lane remembers beside its orders and its fills. */
export const LaneMemory = z.strictObject({
  /** Market time of the decision taken up last: those of before are not taken up again. */
  decided: z.int(),
  /** Open time of the bar taken in last. */
  barTime: z.int().nullable(),
  wish: Wish.nullable(),
  bars: BarMemory.nullable(),
  /** Sales that the strategy's record does not have yet. */
  forced: z.array(ForcedMemory).default([]),
});
export type LaneMemory = z.infer<typeof LaneMemory>;

/** An order that is not final, with what only this process knows of it. */
export interface LiveOrder {
  row: OrderRow;
  readonly terms: EntryTerms;
  /** When it is to be asked for next, UTC milliseconds; infinite for one that rests and is looked at with all others. */
  askAt: number;
  asks: number;
  /** Since when the venue says that it has no such order, and how often it has said so. */
  missing: { readonly since: number; readonly times: number } | null;
  /** How often what it was to sell was found gone from the account, while the venue said that it has no such order. */
  lacks: number;
  /** The venue was asked to end it, and said yes. */
  isCancelAsked: boolean;
  /** The venue said no in a way that leaves doubt: what it is refused with when it turns out not to be there. */
  refusal: VenueError | null;
}

/** Everything known about one symbol of one strategy. */
export interface Lane {
  readonly strategy: string;
  readonly symbol: string;
  memory: LaneMemory;
  position: Position;
  /** The last fill, with its order as it was then. */
  lastFill: { readonly fill: JournalFill; readonly order: FilledOrder } | null;
  /** How many of the sales in `memory.forced` its account has told, for a record that is not on disk yet. */
  forcedTold: number;
  /** What was written off of it, less what came back. */
  writtenOff: Big;
  /** Those that are not final, by the journal's number. */
  readonly orders: Map<number, LiveOrder>;
}

export const NEW_MEMORY: LaneMemory = { decided: 0, barTime: null, wish: null, bars: null, forced: [] };

/** JSON of which `LaneMemory` reads the same again. */
export function memoryText(memory: LaneMemory): string {
  // JSON.stringify asks Big for its own text first, which may have an exponent.
  return JSON.stringify(memory, function (this: Record<string, unknown>, key, value: unknown) {
    const own = this[key];
    return own instanceof Big ? own.toFixed() : value;
  });
}

/** The higher of the stop and the trailing stop, on the tick; null for a position without either. */
export function stopLevel({ position, memory }: Pick<Lane, 'position' | 'memory'>, tickSize: Big): StopLevel | null {
  const { opened } = position;
  if (opened === null) return null;
  const trail = trailLevel(opened.trailDistance, highSince(opened.fill, opened.firstPrice, memory.bars), tickSize);
  const stop = opened.stopPrice === null ? null : floorTo(opened.stopPrice, tickSize);
  if (stop === null) return trail === null ? null : { price: trail, cause: 'trailing-stop' };
  return trail?.gt(stop) ? { price: trail, cause: 'trailing-stop' } : { price: stop, cause: 'stop' };
}

export interface StopLevel {
  readonly price: Big;
  readonly cause: 'stop' | 'trailing-stop';
}

function highSince(fill: number, firstPrice: Big, bars: BarMemory | null): Big {
  return bars?.fill === fill ? decimalOf(bars.trailHigh) : firstPrice;
}

function trailLevel(distance: number | null, high: Big, tickSize: Big): Big | null {
  return distance === null ? null : floorTo(high.times(decimalOf(1 - distance)), tickSize);
}
