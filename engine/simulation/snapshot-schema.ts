import { z } from 'zod';
import type { SimulationSnapshot } from './snapshot.ts';

const Count = z.number().nonnegative();
const Maybe = z.number().nullable();
const ExitCause = z.enum(['decision', 'stop', 'take-profit', 'trailing-stop', 'horizon', 'end-of-data']);

const HeldPosition = z.strictObject({
  quantity: z.number().positive(),
  cost: Count,
  boughtQuantity: Count,
  boughtCost: Count,
  soldQuantity: Count,
  soldValue: Count,
  fees: Count,
  entryTime: z.number(),
  entryReason: z.string(),
  version: z.string(),
  barsHeld: Count,
  adverse: z.number(),
  favourable: z.number(),
  stopPrice: Maybe,
  takePrice: Maybe,
  trailDistance: Maybe,
  trailHigh: Count,
  horizonLeft: Maybe,
  exiting: ExitCause.nullable(),
  isEntryBar: z.boolean(),
  isInsideEntry: z.boolean(),
});

const WaitingOrder = z.strictObject({
  kind: z.enum(['buy', 'sell', 'limit']),
  quantity: Count,
  isCompleteExit: z.boolean(),
  filledQuantity: Count,
  filledCost: Count,
  limitPrice: Count,
  barsLeft: Maybe,
  decisionClose: Count,
  reserved: Count,
  hasRested: z.boolean(),
  reason: z.string(),
  stopLoss: Maybe,
  takeProfit: Maybe,
  trailingStop: Maybe,
  slippageTolerance: Maybe,
  horizonBars: Maybe,
});

/** What every account has to say of itself, however its orders are filled. */
export const ACCOUNT_SHAPE = {
  capital: z.number().positive(),
  // A purchase of everything may end a rounding error below zero.
  cash: z.number().min(-1e-6),
  fees: Count,
  realised: z.number(),
  turnover: Count,
  time: z.number(),
  version: z.string(),
  halt: z.enum(['active', 'paused', 'reducing', 'halted', 'breach']),
  books: z.array(
    z.strictObject({
      symbol: z.string(),
      lastClose: Maybe,
      position: HeldPosition.nullable(),
      order: WaitingOrder.nullable(),
    }),
  ),
};

/** For snapshots that come from outside: a database row, a file. Not imported by realm code, which knows no zod. */
export const StoredSimulation: z.ZodType<SimulationSnapshot> = z.strictObject({
  schema: z.literal('ratchet/simulation/1'),
  ...ACCOUNT_SHAPE,
});
