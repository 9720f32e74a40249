import { z } from 'zod';
import { chanceFaults } from './faults.ts';

/** What goes wrong with single requests; maintenance is the whole exchange's. */
export const requestFaults = chanceFaults.filter((kind) => kind !== 'maintenance');
/** What becomes of messages of streams. */
export const messageKinds = ['messages-twice', 'messages-late', 'messages-lost'] as const;
/** What the exchange as a whole does for a while. */
const spells = ['down', 'silence', 'skew', 'maintenance', 'thin'] as const;
/** What happens at once, by somebody else's hand. */
const deeds = ['drop-streams', 'deposit', 'order', 'trade'] as const;
export const faultKinds = [...requestFaults, ...messageKinds, ...spells, ...deeds, 'none'] as const;
export type FaultKind = (typeof faultKinds)[number];

/** Where a running rehearsal takes orders to fail, below its address; whoever gives one shows the secret of its key. */
export const faultPath = '/-/fault';

/** One order to a rehearsal that runs. `none` ends everything that was ordered before. */
export const FaultOrder = z.strictObject({
  kind: z.enum(faultKinds),
  /** How long what lasts goes on, milliseconds of the day's own time. */
  forMs: z.int().min(1).max(86_400_000).default(60_000),
  /** Of how many requests or messages it happens to. */
  rate: z.number().gt(0).max(1).default(1),
  /** Only requests that place or cancel orders. */
  ordersOnly: z.boolean().default(false),
  /** Of `thin`, `order` and `trade`; the first market when left out. */
  symbol: z.string().max(40).optional(),
  /** Of `deposit`. */
  asset: z.string().max(20).optional(),
  /** Of `deposit`: how much comes in, or below zero goes out. Of `order` and `trade`: how much is bought; a little when left out. */
  amount: z
    .string()
    .regex(/^-?\d{1,15}(\.\d{1,18})?$/)
    .optional(),
  /** Of `skew`: how far the exchange's clock is ahead, milliseconds. */
  skewMs: z.int().min(-86_400_000).max(86_400_000).default(90_000),
});
export type FaultOrder = z.infer<typeof FaultOrder>;

/** What came of an order: a sentence, or what is wrong with it. */
export const FaultAnswer = z.union([z.strictObject({ done: z.string() }), z.strictObject({ wrong: z.string() })]);
export type FaultAnswer = z.infer<typeof FaultAnswer>;
