import { z } from 'zod';
import { Millis, Probability } from './units.ts';

export const HYPOTHESIS_LENGTH_MAX = 500;
export const CHANGE_LENGTH_MAX = 200;

export const ProposalKind = z.enum(['TWEAK', 'RESTRUCTURE', 'NEW']);
export type ProposalKind = z.infer<typeof ProposalKind>;

/** 1: a number moves. 2: a rule moves. 3: what a person has to look at closely. The author's own word, and only that. */
export const RiskTier = z.union([z.literal(1), z.literal(2), z.literal(3)]);
export type RiskTier = z.infer<typeof RiskTier>;

/** What can be measured of a version that runs: ratios, but for trades a day. */
export const Measure = z.enum(['netReturn', 'maxDrawdown', 'winRate', 'tradesPerDay']);
export type Measure = z.infer<typeof Measure>;

/** Between which values each can lie, ends included: nobody loses more than there is. */
const RANGES: Readonly<Record<Measure, readonly [number, number]>> = {
  netReturn: [-1, Number.POSITIVE_INFINITY],
  maxDrawdown: [0, 1],
  winRate: [0, 1],
  tradesPerDay: [0, Number.POSITIVE_INFINITY],
};

const line = {
  measure: Measure,
  is: z.enum(['above', 'below']),
  value: z.number(),
  afterDays: z.number().int().min(1).max(365),
};

/** A line at the end of what can be, or beyond, is crossed by everything or by nothing: whoever stakes on it stakes nothing. */
const CAN_GO_EITHER_WAY = {
  message:
    'is where nothing can lie, or nothing beyond it: net return is above -1, drawdown and win rate between 0 and 1, trades a day above 0',
  path: ['value'],
};

function canGoEitherWay({ measure, value }: { readonly measure: Measure; readonly value: number }): boolean {
  const [least, most] = RANGES[measure];
  return value > least && value < most;
}

/** A line that a version crosses or does not, so many days of market time after it began to run. */
export const Threshold = z.strictObject(line).refine(canGoEitherWay, CAN_GO_EITHER_WAY);
export type Threshold = z.infer<typeof Threshold>;

/** What its author expects, and how surely: said before any result is seen, so that it can be scored when the days have passed. */
export const Forecast = z.strictObject({ ...line, probability: Probability }).refine(canGoEitherWay, CAN_GO_EITHER_WAY);
export type Forecast = z.infer<typeof Forecast>;

/** What the author claims; the gates re-execute everything else. */
export const ProposalClaim = z.strictObject({
  kind: ProposalKind,
  /** One sentence, written before the selection data was asked. */
  hypothesis: z.string().min(1).max(HYPOTHESIS_LENGTH_MAX),
  /** What differs from the parent, one clause each, in a person's words: `fast: 9 → 14`. */
  changes: z.array(z.string().min(1).max(CHANGE_LENGTH_MAX)).min(1).max(40),
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
