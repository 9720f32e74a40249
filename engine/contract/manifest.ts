import { z } from 'zod';

/** How far a version may act: no orders, simulated orders, small capital, full share. */
export const Stage = z.enum(['shadow', 'paper', 'canary', 'live']);
export type Stage = z.infer<typeof Stage>;

export const StrategyId = z
  .string()
  .regex(/^[a-z][a-z0-9-]{1,40}$/, 'a strategy id is lower-case letters, digits and hyphens, 2 to 41 characters');

/** `strategies/<id>/manifest.yaml`: what is deployed, apart from the code itself. */
export const Manifest = z.strictObject({
  id: StrategyId,
  description: z.string().min(1).max(300),
  stage: Stage,
  /** The module, relative to the strategy's folder; it cannot point outside. */
  entry: z.string().regex(/^[a-z0-9][a-z0-9-]*\.ts$/, 'entry is a file name in the strategy folder, such as strategy.ts'),
  /** Values for the parameters the module declares; a parameter not named here takes its default. */
  parameters: z.record(z.string(), z.number()).default({}),
  /** Written by the evolution proposer so that it can go on from here; absent on hand-written strategies. */
  blueprint: z.record(z.string(), z.unknown()).optional(),
});
export type Manifest = z.infer<typeof Manifest>;
