import { z } from 'zod';

/** One evaluation that the project knows, in a form that programs may rely on: whatever changes what a field means raises the number. */
export const RunRecord = z.strictObject({
  schema: z.literal('ratchet/run/1'),
  /** `trial:<cycle>:<number>`, or `pack:<start of the pack's blob>:<version>:<span>`. */
  id: z.string(),
  cycle: z.string(),
  strategy: z.string(),
  /** What it was, in words; of a trial the proposer's. */
  label: z.string(),
  outcome: z.enum(['scored', 'rejected']),
  reason: z.string().nullable(),
  resultId: z.string().nullable(),
  /** By name, as the engine's metrics have them. Of a trial the ledger keeps `netReturn` alone. */
  metrics: z.record(z.string(), z.number().nullable()),
  /** Null where the ledger does not say: what two runs must share to be compared. */
  setting: z
    .strictObject({
      dataset: z.string(),
      markets: z.string(),
      /** UTC milliseconds, the end exclusive. */
      from: z.int(),
      to: z.int(),
      capital: z.number(),
      semantics: z.int(),
      seed: z.int(),
    })
    .nullable(),
  parameters: z.record(z.string(), z.unknown()).nullable(),
  /** Digests by path; null where they are not known one by one. */
  files: z.record(z.string(), z.string()).nullable(),
  search: z.strictObject({ trials: z.int(), trialsEver: z.int(), trialsEffective: z.int() }).nullable(),
});
export type RunRecord = z.infer<typeof RunRecord>;
