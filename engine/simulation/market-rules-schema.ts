import { z } from 'zod';

const Rate = z.number().min(0).max(1);

/** `MarketRules` of types.ts, as files carry them. Not for the strategy's realm, which has no zod. */
export const StoredMarketRules = z.strictObject({
  makerFeeRate: Rate,
  takerFeeRate: Rate,
  halfSpreadRate: Rate,
  slippageRate: Rate,
  volumeShare: z.number().positive().max(1),
  tickSize: z.number().positive(),
  stepSize: z.number().positive(),
  minQuantity: z.number().nonnegative(),
  minNotional: z.number().nonnegative(),
});
