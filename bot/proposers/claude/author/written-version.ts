import { z } from 'zod';
import { ProposalClaim } from '#bot/evidence/pack.ts';

/** The two files of a strategy's folder that an author has; evidence is made by the machine and by nobody else. */
export const SOURCE = 'strategy.ts';
const Path = z.enum(['manifest.yaml', SOURCE]);
const Text = z.string().max(200_000);
const { changes } = ProposalClaim.shape;

/** Carried out in order; `find` stands exactly once in the parent's file as the edits before it left it. */
export const WrittenEdits = z.strictObject({
  changes,
  edits: z
    .array(z.strictObject({ path: Path, find: Text.min(1), replace: Text }))
    .min(1)
    .max(40),
});
export type WrittenEdits = z.infer<typeof WrittenEdits>;

/** All files of the strategy, its manifest among them. */
export const WrittenFiles = z.strictObject({
  changes,
  files: z.array(z.strictObject({ path: Path, text: Text })).length(2),
});
export type WrittenFiles = z.infer<typeof WrittenFiles>;

export const WrittenModule = z.strictObject({ changes, text: Text.min(1) });
