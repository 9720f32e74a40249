import { z } from 'zod';
import type { EngineOptionsInput } from '#engine/runtime/options.ts';

export interface VenueWeekQuestion {
  /** But for the market and the venue, which the exchange's process has to name. */
  readonly options: Omit<EngineOptionsInput, 'market' | 'venue'>;
  readonly symbols: readonly string[];
  /** How many bars of each symbol are decided on, and between how many memory is looked at. */
  readonly bars: number;
  readonly everyBars: number;
}

/** How the exchange's process is to begin. Times are UTC milliseconds. */
export interface Opening {
  readonly now: number;
  readonly symbols: readonly string[];
}

/** Has the exchange's process do what comes next up to then, if anything does. */
export interface Turning {
  readonly until: number;
}

/** Where its clock stands after that, and when it has something to do next. */
export const Turned = z.strictObject({ now: z.int(), next: z.int() });
export type Turned = z.infer<typeof Turned>;

/** The exchange's own books, asked for at the end. */
export const ExchangeTally = z.strictObject({
  orders: z.int(),
  fills: z.int(),
  isMoneyConserved: z.boolean(),
  /** Milliseconds by the machine's clock from telling that a bar has closed to having the first order or cancellation that it brought; rising. */
  answers: z.array(z.number()),
});
export type ExchangeTally = z.infer<typeof ExchangeTally>;

/** What the engine's process says at the end. */
export const VenueWeekEnd = z.strictObject({
  /** Bars of which the engine had not told when their time was up, and went on. */
  lateBars: z.int(),
  /** Requests that went to the exchange. */
  requests: z.int(),
  /** What went wrong in a sandbox. */
  faults: z.array(z.string()),
  exchange: ExchangeTally,
});
export type VenueWeekEnd = z.infer<typeof VenueWeekEnd>;
