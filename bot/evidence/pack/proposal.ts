import { z } from 'zod';
import { Millis, Probability } from './units.ts';

export const ProposalKind = z.enum(['TWEAK', 'RESTRUCTURE', 'NEW']);
export type ProposalKind = z.infer<typeof ProposalKind>;

/** 1: a number moves. 2: a rule moves. 3: what a person has to look at closely. The author's own word, and only that. */
export const RiskTier = z.union([z.literal(1), z.literal(2), z.literal(3)]);
export type RiskTier = z.infer<typeof RiskTier>;

/** What can be measured of a version that runs: ratios, but for trades a day. */
export const Measure = z.enum(['netReturn', 'maxDrawdown', 'winRate', 'tradesPerDay']);
export type Measure = z.infer<typeof Measure>;

/** A line that a version crosses or does not, so many days of market time after it began to run. */
export const Threshold = z.strictObject({
  measure: Measure,
  is: z.enum(['above', 'below']),
  value: z.number(),
  afterDays: z.number().int().min(1).max(365),
});
export type Threshold = z.infer<typeof Threshold>;

/** What its author expects, and how surely: said before any result is seen, so that it can be scored when the days have passed. */
export const Forecast = z.strictObject({ ...Threshold.shape, probability: Probability });
export type Forecast = z.infer<typeof Forecast>;

/** What the author claims; the gates re-execute everything else. */
export const ProposalClaim = z.strictObject({
  kind: ProposalKind,
  /** One sentence, written before the selection data was asked. */
  hypothesis: z.string().min(1).max(500),
  /** What differs from the parent, one clause each, in a person's words: `fast: 9 → 14`. */
  changes: z.array(z.string().min(1).max(200)).min(1).max(40),
  proposer: z.enum(['evolution', 'claude']),
  riskTier: RiskTier,
  /** Null where nobody foresaw anything: evolution leaves it to the bootstrap of the pack. */
  forecast: Forecast.nullable(),
  /** When this happens, the hypothesis was wrong. */
  killRule: Threshold.nullable(),
  /** A model has read of what happened before this instant; results after it are the ones it cannot have known. Null for who has read nothing. UTC. */
  knownUntil: Millis.nullable(),
});
export type ProposalClaim = z.infer<typeof ProposalClaim>;
