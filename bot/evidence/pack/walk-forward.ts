import { z } from 'zod';
import { Count, ParameterValues, Ratio, Span } from './units.ts';

/** One step: parameters chosen on what lies behind, judged on what comes after. */
const Window = z.strictObject({
  inSample: Span,
  outOfSample: Span,
  /** What did best in the sample; null where no configuration had a Sharpe ratio there, and then nothing was traded. */
  parameters: ParameterValues.nullable(),
  /** Mean daily return × 365: comparable whatever the length. */
  inSampleReturn: Ratio,
  outOfSampleReturn: Ratio,
  /** The second over the first; null where the first is not above zero. */
  efficiency: z.number().nullable(),
});

export const Walk = z.strictObject({
  windows: z.array(Window),
  /** Over all windows together; null where nothing was gained in the samples. */
  efficiency: z.number().nullable(),
  /** Of the parts out of sample, joined. */
  netReturn: Ratio.nullable(),
  /** Annual. */
  sharpe: z.number().nullable(),
  /** Windows that earned out of sample. */
  windowsAhead: Count,
});
export type Walk = z.infer<typeof Walk>;

/**
 * The candidate's rules, their parameters chosen anew in each window from a fixed set of configurations over the declared ranges; the
 * candidate's own values are not among them, because a search has seen most of the days. Development and selection data.
 */
export const WalkForward = z.strictObject({
  /** Configurations there were to choose from. */
  configurations: Count,
  /** Samples that all begin at the first day. */
  anchored: Walk,
  /** Samples that are equally long. */
  rolling: Walk,
});
export type WalkForward = z.infer<typeof WalkForward>;
