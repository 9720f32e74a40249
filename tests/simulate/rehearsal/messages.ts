import { Big } from 'big.js';
import { z } from 'zod';

const Decimal = z.string().transform((text) => new Big(text));
const Fees = z.array(z.object({ asset: z.string(), amount: Decimal }));

/** What an exchange's process is to serve. */
export interface Serving {
  readonly seed: number;
  readonly symbols: readonly string[];
  /** How much faster than the day its time runs, and from when on; null for the day itself. */
  readonly pace: { readonly factor: number; readonly since: number } | null;
}

/** What the exchange's process says: first where it listens, and at the end all it knows. */
export const Listening = z.object({ baseUrl: z.string(), key: z.string(), secret: z.string() });
export type Listening = z.infer<typeof Listening>;

export const Books = z.object({
  orders: z.array(
    z.object({
      number: z.int(),
      account: z.string(),
      clientOrderId: z.string().nullable(),
      symbol: z.string(),
      side: z.enum(['buy', 'sell']),
      kind: z.enum(['market', 'limit', 'limit-ioc', 'stop']),
      quantity: Decimal,
      limitPrice: Decimal.nullable(),
      stopPrice: Decimal.nullable(),
      state: z.enum(['open', 'filled', 'cancelled', 'expired']),
      filled: Decimal,
      cost: Decimal,
      fees: Fees,
      fillNumbers: z.array(z.int()),
      createdAt: z.number(),
      triggeredAt: z.number().nullable(),
      endedAt: z.number().nullable(),
      endReason: z.enum(['filled', 'asked', 'dead-man-switch', 'no-depth', 'no-funds']).nullable(),
    }),
  ),
  fills: z.array(
    z.object({
      number: z.int(),
      orderNumber: z.int(),
      account: z.string(),
      symbol: z.string(),
      side: z.enum(['buy', 'sell']),
      quantity: Decimal,
      price: Decimal,
      fees: Fees,
      isMaker: z.boolean(),
      time: z.number(),
    }),
  ),
  lines: z.array(
    z.object({
      account: z.string(),
      asset: z.string(),
      deposited: Decimal,
      traded: Decimal,
      fees: Decimal,
      balance: Decimal,
      difference: Decimal,
      held: Decimal,
      heldByOrders: Decimal,
    }),
  ),
});
export type Books = z.infer<typeof Books>;

/** Milliseconds of the machine's own clock, the same in all its processes: it says how long something took, not when it was. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
