import { z } from 'zod';
import { Forecast, ProposalClaim, ProposalKind, RiskTier, Threshold } from '#bot/evidence/pack.ts';

const Sentences = z.string().min(1).max(1_000);

/** What is said before any result is seen, by whoever wants a change. */
const wager = {
  /** Why anything should change tonight, from what was observed. */
  reason: Sentences,
  hypothesis: ProposalClaim.shape.hypothesis,
  riskTier: RiskTier,
  forecast: Forecast,
  killRule: Threshold,
};

/** What a model wants to happen tonight; the words the house has for it stand in `kind`. */
export const Decision = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('NO_CHANGE'), reason: Sentences }),
  /** Another version of the strategy, or a new strategy that is measured against it. */
  z.strictObject({ kind: ProposalKind, ...wager }),
  /** The strategy should stop; the forecast is about what it would do otherwise. */
  z.strictObject({ kind: z.literal('RETIRE'), ...wager }),
  /** The machine should look in another way; nothing that trades changes. */
  z.strictObject({
    kind: z.literal('ANALYSIS'),
    module: z.enum(['market', 'trades']),
    reason: Sentences,
    hypothesis: ProposalClaim.shape.hypothesis,
    riskTier: RiskTier,
  }),
]);
export type Decision = z.infer<typeof Decision>;
export type DecisionKind = Decision['kind'];
