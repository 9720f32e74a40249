import { z } from 'zod';
import { dividesTimeframe, isTimeframe, timeframeMs, timeframes } from '#engine/candles/timeframe.ts';
import type { Timeframe } from '#engine/contract/types.ts';

export const TimeframeName = z.custom<Timeframe>(
  (value) => typeof value === 'string' && isTimeframe(value),
  'a timeframe is 1m, 5m, 15m, 30m, 1h, 4h or 1d',
);

export const Symbols = z
  .array(z.string().regex(/^[A-Z0-9]{1,15}\/[A-Z0-9]{1,15}$/, 'a symbol is written BASE/QUOTE, such as BTC/USDT'))
  .min(1)
  .max(20)
  .refine((symbols) => new Set(symbols).size === symbols.length, 'a symbol may stand there once');

/** How a position begins. */
export const Entry = z.enum(['cross', 'pullback']);
export type Entry = z.infer<typeof Entry>;

/** What must also be so for a position to begin, in the order in which they are asked. */
export const Filter = z.enum(['trend', 'rsi', 'volume']);
export type Filter = z.infer<typeof Filter>;

/** What protects an open position: a fixed stop and target, or a stop that follows the price. */
export const Protection = z.enum(['fixed', 'trailing']);
export type Protection = z.infer<typeof Protection>;

/**
 * A strategy as a choice of blocks: the form that evolution changes and that `print` turns into the module a person reviews.
 * It stands under `blueprint:` in manifest.yaml; the numbers the blocks declare take their values from `parameters:` there.
 */
export const Blueprint = z
  .strictObject({
    schema: z.literal('ratchet/blueprint/1'),
    symbols: Symbols,
    /** Stops are watched on bars of this timeframe. */
    timeframe: TimeframeName,
    /** Indicators are computed, and the entry is decided, on bars of this timeframe: the base one or a multiple of it. */
    signal: TimeframeName,
    entry: Entry,
    filters: z.array(Filter).refine((filters) => new Set(filters).size === filters.length, 'a filter may stand there once'),
    protection: Protection,
    /** Also leave when the fast average falls below the slow one. */
    exitOnCrossDown: z.boolean(),
  })
  .refine(
    ({ timeframe, signal }) => dividesTimeframe(timeframe, signal),
    'the signal timeframe is the base one or a multiple of it',
  )
  .transform((blueprint) => ({ ...blueprint, filters: inCanonicalOrder(blueprint.filters) }));
export type Blueprint = z.infer<typeof Blueprint>;

/** Base bars in one signal bar: 48 for 4h signals on 5m bars. */
export function barsPerSignal(blueprint: Blueprint): number {
  return timeframeMs(blueprint.signal) / timeframeMs(blueprint.timeframe);
}

/** The base timeframe and its multiples, shortest first. */
export function signalTimeframes(base: Timeframe): readonly Timeframe[] {
  return timeframes.filter((timeframe) => dividesTimeframe(base, timeframe));
}

/** Filters have one order, so that one strategy has one blueprint and one text. */
export function inCanonicalOrder(filters: readonly Filter[]): Filter[] {
  return Filter.options.filter((filter) => filters.includes(filter));
}
