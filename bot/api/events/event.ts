import { z } from 'zod';
import { Control } from '#engine/runtime/control.ts';
import { NumberedDecision, NumberedTrade } from '#engine/store/record-pages.ts';
import { EquityRow, FaultRow, SyncRow } from '#engine/store/rows.ts';

const cursor = z.string().describe('give it as ?cursor= to go on after this event');

/** The fill of the store without its own way of writing a flag. */
export const ToldFill = z.strictObject({
  strategy: z.string(),
  treeHash: z.string(),
  instant: z.int(),
  time: z.int(),
  symbol: z.string(),
  side: z.enum(['buy', 'sell']),
  quantity: z.number(),
  price: z.number(),
  fee: z.number(),
  isMaker: z.boolean(),
  cause: z.string(),
  reason: z.string(),
});

/** What a stream says. Of one bar: fills, then trades, then decisions, then the bar itself. */
export const ApiEvent = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('hello'),
    cursor,
    data: z.strictObject({ asOf: z.int().nullable(), control: Control }).describe('the first event of every stream'),
  }),
  z.strictObject({ type: z.literal('fill'), cursor, data: ToldFill }),
  z.strictObject({ type: z.literal('trade'), cursor, data: NumberedTrade }),
  z.strictObject({ type: z.literal('decision'), cursor, data: NumberedDecision }),
  z.strictObject({
    type: z.literal('bar'),
    cursor,
    data: z
      .strictObject({ instant: z.int(), equity: z.array(EquityRow.omit({ instant: true })) })
      .describe('a bar that is on disk, and what each account is worth at its close'),
  }),
  z.strictObject({ type: z.literal('status'), cursor, data: SyncRow }),
  z.strictObject({ type: z.literal('fault'), cursor, data: FaultRow }),
  z.strictObject({
    type: z.literal('heartbeat'),
    cursor,
    data: z.strictObject({ at: z.int() }).describe('nothing else was said for a while; wall-clock time'),
  }),
]);
export type ApiEvent = z.infer<typeof ApiEvent>;

/** What a reader may leave out: the others always come. */
export const eventTypes = ['fill', 'trade', 'decision', 'bar', 'status', 'fault'] as const;
export type EventType = (typeof eventTypes)[number];
