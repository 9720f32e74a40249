import { z } from 'zod';

export const ProposalKind = z.enum(['TWEAK', 'RESTRUCTURE', 'NEW']);
export type ProposalKind = z.infer<typeof ProposalKind>;

/** What the author claims; the gates re-execute everything else. */
export const ProposalClaim = z.strictObject({
  kind: ProposalKind,
  /** One sentence, written before the selection data was asked. */
  hypothesis: z.string().min(1).max(500),
  /** What differs from the parent, one clause each, in a person's words: `fast: 9 → 14`. */
  changes: z.array(z.string().min(1).max(200)).min(1).max(40),
  proposer: z.enum(['evolution', 'claude']),
});
export type ProposalClaim = z.infer<typeof ProposalClaim>;
