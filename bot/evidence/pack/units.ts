import { z } from 'zod';

/** `sha256:` and 64 hexadecimal digits. */
export const Digest = z.templateLiteral(['sha256:', z.string().regex(/^[0-9a-f]{64}$/)]);
/** 0.01 is one per cent. */
export const Ratio = z.number();
/** UTC. */
export const Millis = z.number().int();
export const Count = z.number().int().nonnegative();
export const Probability = z.number().min(0).max(1);
/** `from` is inside, `to` is not. */
export const Span = z.strictObject({ from: Millis, to: Millis });
export const ParameterValues = z.record(z.string(), z.number());

/** A number of a series with the range in which it moves when history is drawn again. */
export const Interval = z.strictObject({
  point: z.number(),
  low: z.number(),
  high: z.number(),
  /** Share of the resamples within, as a ratio. */
  confidence: Probability,
  /** Mean block length, in days. */
  blockLength: z.number().min(1),
  /** Resamples that had such a number. */
  resamples: Count,
});
export type Interval = z.infer<typeof Interval>;

/** The same of the difference of two series that were drawn again together. */
export const PairedInterval = Interval.extend({
  /** Share of the resamples in which the first had the larger number; equal ones count half. */
  shareAbove: Probability,
});
export type PairedInterval = z.infer<typeof PairedInterval>;
