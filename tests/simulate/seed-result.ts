import { z } from 'zod';

/** Something that must never be, and when it was. */
export const Violation = z.strictObject({
  invariant: z.string(),
  message: z.string(),
  /** Which happening of the run it followed. */
  step: z.int(),
  lastEvents: z.array(z.string()),
});
export type Violation = z.infer<typeof Violation>;

/** What one seed's run came to. */
export const SeedResult = z.strictObject({
  seed: z.int(),
  /** Over everything that happened: the same in every run of the seed. */
  digest: z.string(),
  steps: z.int(),
  /** How often what happened. */
  counts: z.record(z.string(), z.int()),
  violation: Violation.nullable(),
});
export type SeedResult = z.infer<typeof SeedResult>;
