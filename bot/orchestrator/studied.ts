import { z } from 'zod';
import { ProposalClaim } from '#bot/evidence/pack.ts';
import { AnalysisDecision, RetireDecision } from '#bot/proposers/decision.ts';
import { Truth } from '#engine/store/truth/truth.ts';

const StudiedCandidate = z.strictObject({
  /** The folder's name, when the strategy is new. */
  strategy: z.string().nullable(),
  files: z.record(z.string(), z.string()),
  claim: ProposalClaim,
});

/** What is proposed without evidence, for a person to decide: that a strategy stops, or another analysis module. */
export const Motion = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('retirement'), decision: RetireDecision, truth: Truth.nullable() }),
  /** The module as it should read, and what differs, a clause each. */
  z.strictObject({ kind: z.literal('module'), decision: AnalysisDecision, text: z.string(), changes: z.array(z.string()) }),
]);
export type Motion = z.infer<typeof Motion>;

/** What thinking and searching ended with, as it is written down. */
export const Study = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('nothing'), reason: z.string() }),
  /** Versions to examine, best first, and why anything should change. */
  z.strictObject({ kind: z.literal('candidates'), why: z.string(), candidates: z.array(StudiedCandidate).min(1) }),
  ...Motion.options,
]);
export type Study = z.infer<typeof Study>;
