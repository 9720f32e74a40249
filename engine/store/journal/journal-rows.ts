import Big from 'big.js';
import { z } from 'zod';

const Millis = z.int();
const Flag = z.literal([0, 1]).transform((flag) => flag === 1);
const Decimal = z
  .string()
  .regex(/^-?\d+(\.\d+)?$/)
  .transform((text) => new Big(text));

export const OrderRole = z.enum(['entry', 'exit', 'protection']);
export type OrderRole = z.infer<typeof OrderRole>;

/**
 * `pending`: intended, and not known to have left. `unknown`: sent, and no answer came. The rest is what the venue said or, for
 * `rejected`, what follows from its never having had the order.
 */
export const OrderState = z.enum(['pending', 'unknown', 'open', 'partial', 'filled', 'cancelled', 'rejected', 'expired']);
export type OrderState = z.infer<typeof OrderState>;

export const OrderRow = z.strictObject({
  id: z.int(),
  account: z.string(),
  clientOrderId: z.string(),
  strategy: z.string(),
  symbol: z.string(),
  role: OrderRole,
  side: z.enum(['buy', 'sell']),
  kind: z.enum(['market', 'limit', 'limit-ioc', 'stop']),
  quantity: Decimal,
  limitPrice: Decimal.nullable(),
  stopPrice: Decimal.nullable(),
  /** Market time of what it follows from. */
  instant: Millis,
  attempt: z.int(),
  /** The strategy's tree. */
  version: z.string(),
  /** `entry`, or why it sells. */
  cause: z.string(),
  reason: z.string(),
  /** JSON; the trading room knows its shape. */
  terms: z.string(),
  createdAt: Millis,
  state: OrderState,
  venueOrderId: z.string().nullable(),
  /** The sum of its fills. */
  filled: Decimal,
  /** What the venue says was filled; null until it has said. */
  saidFilled: Decimal.nullable(),
  /** Why it was rejected, or that a person has given it up. */
  refusal: z.string().nullable(),
  /** It has ended, and its fills are all there. */
  isFinal: Flag,
});
export type OrderRow = z.infer<typeof OrderRow>;

/** What a fill's lane wants to know of its order. */
export const FilledOrder = OrderRow.pick({
  id: true,
  strategy: true,
  symbol: true,
  instant: true,
  version: true,
  cause: true,
  reason: true,
  terms: true,
});
export type FilledOrder = z.infer<typeof FilledOrder>;

export const EventRow = z.strictObject({ id: z.int(), orderId: z.int(), at: Millis, event: z.string() });

export const FillRow = z.strictObject({
  id: z.int(),
  symbol: z.string(),
  fillId: z.string(),
  orderId: z.int(),
  side: z.enum(['buy', 'sell']),
  quantity: Decimal,
  price: Decimal,
  isMaker: Flag,
  time: Millis,
  recordedAt: Millis,
});

/** A fill beside what is wanted of its order; their symbol is the same. */
export const FilledRow = FillRow.extend(FilledOrder.omit({ id: true, symbol: true }).shape);

export const FeeRow = z.strictObject({
  fill: z.int(),
  asset: z.string(),
  amount: Decimal,
  /** What it was worth in the market's quote asset when it was recorded; null where nothing told. */
  quoteValue: Decimal.nullable(),
});
export type JournalFee = Omit<z.infer<typeof FeeRow>, 'fill'>;
export type JournalFill = z.infer<typeof FillRow> & { readonly fees: readonly JournalFee[] };

const NOTE = {
  id: z.int(),
  strategy: z.string(),
  symbol: z.string(),
  /** The lane's last fill before it. */
  afterFill: z.int(),
  quantity: Decimal,
  at: Millis,
};

/** What happened to a position without a fill. */
export const NoteRow = z.discriminatedUnion('kind', [
  /** What was left of it is too small to be sold. */
  z.strictObject({ ...NOTE, kind: z.literal('dust'), price: z.null(), reason: z.null() }),
  /** A person has accepted that the account no longer has it. */
  z.strictObject({
    ...NOTE,
    kind: z.literal('written-off'),
    /** The last known, at which it is valued; null where nothing told. */
    price: Decimal.nullable(),
    /** Who, and why. */
    reason: z.string(),
  }),
]);
export type NoteRow = z.infer<typeof NoteRow>;
export type NewNote = NoteRow extends infer Row ? (Row extends NoteRow ? Omit<Row, 'id'> : never) : never;

export const LaneRow = z.strictObject({ strategy: z.string(), symbol: z.string(), state: z.string() });

export const FreezeRow = z.strictObject({
  id: z.int(),
  symbol: z.string(),
  at: Millis,
  code: z.string(),
  /** What exactly could not be explained: an order's or a fill's name, an asset. */
  subject: z.string(),
  message: z.string(),
  acceptedAt: Millis.nullable(),
  acceptedReason: z.string().nullable(),
});
export type FreezeRow = z.infer<typeof FreezeRow>;

export const BaselineRow = z.strictObject({ asset: z.string(), amount: Decimal });

export const BaselineTime = z.strictObject({ asset: z.string(), at: Millis });

export const CursorRow = z.strictObject({
  /** Fills before this are all recorded. */
  fillsSince: Millis,
  reconciledAt: Millis.nullable(),
});
export type CursorRow = z.infer<typeof CursorRow>;
