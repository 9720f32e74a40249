import { z } from 'zod';
import type { BENCHMARKS } from './benchmarks.ts';

const Count = z.int().min(0);
const Share = z.number().min(0).max(1);
const Ratio = z.number();
/** Quote asset. */
const Quote = z.number();
/** May be a fraction. */
const Time = z.number().min(0);

/**
 * What is true of one version up to a market time: figures by the name of their benchmark, which says what each means. Null where
 * there is nothing to divide by or to count from.
 */
export const Truth = z.strictObject({
  version: z.string(),
  trades: Count,
  wins: Count,
  winRate: Share.nullable(),
  grossResult: Quote,
  netResult: Quote,
  fees: Quote,
  expectancy: Ratio.nullable(),
  profitFactor: z.number().min(0).nullable(),
  lossesInARow: Count,
  worstLossesInARow: Count,
  drawdownNow: Ratio.nullable(),
  drawdownWorst: Ratio.nullable(),
  exposure: Share.nullable(),
  decisions: Count,
  holds: Count,
  signals: Count,
  acted: Count,
  refused: Count,
  refusals: z.record(z.string(), z.int().positive()),
  scansExpected: Count.nullable(),
  scansMade: Count,
  daysSinceSignal: Time.nullable(),
  daysSinceTrade: Time.nullable(),
  dataAge: Time.nullable(),
  uptime: Share.nullable(),
  age: Time.nullable(),
  versions: Count,
} satisfies Readonly<Record<'version' | keyof typeof BENCHMARKS, z.ZodType>>);
export type Truth = z.infer<typeof Truth>;
