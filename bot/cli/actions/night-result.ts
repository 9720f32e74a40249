import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { CANARY_LABEL } from '#bot/orchestrator/canaries.ts';
import { Motion } from '#bot/orchestrator/studied.ts';
import { Review } from '#bot/proposers/author.ts';
import { StrategyId } from '#engine/contract/manifest.ts';
import { explain, RatchetError } from '#engine/errors.ts';

const Commit = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/, 'a commit is its full hash');
const Text = z.string().min(1).max(60_000);
const Number_ = z.int().positive();

/** Something to be said on an issue of the canaries; of no other. */
export const NightNote = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('open-issue'),
    title: z.string().min(1).max(256),
    body: Text,
    labels: z.tuple([z.literal(CANARY_LABEL)]),
  }),
  z.strictObject({ kind: z.literal('comment'), number: Number_, body: Text }),
  z.strictObject({ kind: z.literal('close-issue'), number: Number_ }),
]);
export type NightNote = z.infer<typeof NightNote>;

/** What the job that thinks leaves for the job that writes, beside the bundle of what it committed. */
export const NightResult = z.strictObject({
  cycle: z.string().regex(/^\d{8}-\d{1,4}$/, 'a cycle is a day and a number'),
  strategy: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/),
  decision: z.enum(['NO_CHANGE', 'TWEAK', 'RESTRUCTURE', 'NEW', 'RETIRE', 'ANALYSIS']),
  reason: Text,
  trials: z.int().nonnegative(),
  /** Market time of the night, UTC milliseconds: it dates the commit. */
  asOf: z.int().positive(),
  /** Tip of main that the night looked at. */
  base: Commit,
  /** The state branch before the night, null where there was none, and after it. */
  stateBefore: Commit.nullable(),
  stateAfter: Commit,
  /** The proposal's branch and commit; null when nothing is proposed. */
  proposal: z
    .strictObject({
      branch: z.string().max(200),
      head: Commit,
      /** The folder of the version; null for a motion. */
      strategy: StrategyId.nullable(),
      motion: Motion.nullable(),
      review: Review.nullable(),
    })
    .nullable(),
  notes: z.array(NightNote).max(20),
});
export type NightResult = z.infer<typeof NightResult>;

/** @throws RatchetError `actions/night-result` */
export async function readNightResult(path: string): Promise<NightResult> {
  try {
    return NightResult.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    const why = error instanceof z.ZodError ? `${error.issues[0]?.path.join('.')}: ${error.issues[0]?.message}` : explain(error);
    throw new RatchetError(
      'actions/night-result',
      `${path} is no night's result: ${why}.`,
      'Nothing of it was published.',
      { path },
      error,
    );
  }
}
