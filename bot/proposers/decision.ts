import { z } from 'zod';
import { Forecast, ProposalClaim, ProposalKind, RiskTier, Threshold } from '#bot/evidence/pack.ts';

export const REASON_LENGTH_MAX = 1_000;
const Sentences = z.string().min(1).max(REASON_LENGTH_MAX);

/** What is said before any result is seen, by whoever wants a change. */
const wager = {
  /** Why anything should change tonight, from what was observed. */
  reason: Sentences,
  hypothesis: ProposalClaim.shape.hypothesis,
  riskTier: RiskTier,
  forecast: Forecast,
  killRule: Threshold,
};

/** Another version of the strategy, or a new strategy that is measured against it. */
export const VersionDecision = z.strictObject({ kind: ProposalKind, ...wager });
export type VersionDecision = z.infer<typeof VersionDecision>;

/** The strategy should stop; the forecast is about what it would do otherwise. */
export const RetireDecision = z.strictObject({ kind: z.literal('RETIRE'), ...wager });
export type RetireDecision = z.infer<typeof RetireDecision>;

/** The machine should look in another way. Whoever decides is told with the form why it asks for no forecast and no kill rule. */
export const AnalysisDecision = z
  .strictObject({
    kind: z.literal('ANALYSIS'),
    module: z.enum(['market', 'trades']),
    reason: Sentences,
    hypothesis: ProposalClaim.shape.hypothesis,
    riskTier: RiskTier,
  })
  .describe(
    'It has no forecast and no kill rule: nothing that trades changes, so nothing that is measured of a version could bear either out.',
  );
export type AnalysisDecision = z.infer<typeof AnalysisDecision>;

/** What a model wants to happen tonight; the words the house has for it stand in `kind`. */
export const Decision = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('NO_CHANGE'), reason: Sentences }),
  VersionDecision,
  RetireDecision,
  AnalysisDecision,
]);
export type Decision = z.infer<typeof Decision>;
