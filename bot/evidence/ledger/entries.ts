import { z } from 'zod';
import { Forecast, HYPOTHESIS_LENGTH_MAX, RiskTier, Threshold } from '../pack/proposal.ts';

const Digest = z.templateLiteral(['sha256:', z.string().regex(/^[0-9a-f]{64}$/)]);
const Count = z.number().int().positive();
const Millis = z.number().int();

/** What is written down of one configuration before anybody knows how it does. */
const PlannedTrial = z.strictObject({
  /** From 1 within the night, in the order in which they were asked for. */
  trial: Count,
  /** What differs from the incumbent, in the proposer's words. */
  label: z.string(),
  /** Digest of the configuration: its files by path, each by its own digest. */
  configuration: Digest,
});
export type PlannedTrial = z.infer<typeof PlannedTrial>;

/** No wish is longer in the ledger. */
export const HINT_LENGTH_MAX = 300;

/** What a person wished for, in their own words; nothing obeys it. */
export const Hint = z.strictObject({
  by: z.string().max(100),
  text: z.string().min(1).max(HINT_LENGTH_MAX),
  /** Whether a model may be told of it: only of what people say who may write here. Earlier nights left it out, which is no. */
  isTold: z.boolean().optional(),
});
export type Hint = z.infer<typeof Hint>;

/** What was claimed by a proposal that carries no evidence to stand in: forecast and kill rule are null where it claims nothing of money. */
export const Stake = z.strictObject({
  hypothesis: z.string().min(1).max(HYPOTHESIS_LENGTH_MAX),
  riskTier: RiskTier,
  forecast: Forecast.nullable(),
  killRule: Threshold.nullable(),
});
export type Stake = z.infer<typeof Stake>;

/**
 * What the ledger can say. Whatever may be known later is announced first: a night before it looks, trials before they run, a
 * question to the selection data before it is answered, an opening of the vault before anybody knows what was in it.
 */
export const LedgerEntry = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('night-began'),
    cycle: z.string(),
    strategy: z.string(),
    /** Market time up to which the night looks. */
    asOf: Millis,
    parentTree: z.string(),
    proposer: z.string(),
    trialsPlanned: z.number().int(),
    seed: z.number().int(),
    /** Left out when nobody wished for anything. */
    hint: Hint.optional(),
  }),
  /** A person asked in this comment for the night that just began, or for one that was left and is taken up for them. */
  z.strictObject({ kind: z.literal('night-asked'), comment: Count }),
  /** The schedule asked for it: the instant it was to begin, UTC milliseconds of the wall clock. */
  z.strictObject({ kind: z.literal('night-due'), at: Millis }),
  z.strictObject({ kind: z.literal('trials-planned'), trials: z.array(PlannedTrial).min(1) }),
  z.strictObject({
    kind: z.literal('trial'),
    trial: Count,
    outcome: z.enum(['scored', 'rejected']),
    /** Result id on the development data; null when it was rejected before it ran. */
    resultId: z.string().nullable(),
    netReturn: z.number().nullable(),
    reason: z.string().nullable(),
  }),
  z.strictObject({
    kind: z.literal('search-ended'),
    trials: z.number().int().nonnegative(),
    scored: z.number().int().nonnegative(),
    /** Of the return series in the file beside, as `returnsPath` names it; null when nothing was scored. */
    returns: Digest.nullable(),
    /** Which scored trials are one idea: of each, in order, the number of its idea within this night. */
    ideas: z.array(z.number().int().nonnegative()),
  }),
  z.strictObject({
    kind: z.literal('selection-asked'),
    /** From 1 over all nights. */
    question: Count,
    /** Digest of the candidate's configuration, as in the plan. */
    candidate: Digest,
    /** End of the selection span that was asked; days beyond the last one refill the budget. */
    until: Millis,
  }),
  z.strictObject({ kind: z.literal('selection-answered'), question: Count, answer: z.enum(['above', 'below']) }),
  z.strictObject({
    kind: z.literal('vault-opened'),
    /** From 1 over all nights. */
    opening: Count,
    strategy: z.string(),
    /** Git tree of the candidate's folder. */
    tree: z.string(),
    /** Digest of candidate and incumbent: whatever tree they come in, they are opened for once. */
    pair: Digest,
    /** The budget it was taken from, as the policy of the base had it. */
    alpha: z.number().positive().lt(1),
    daysPerOpening: Count,
    /** What the budget allowed this opening. */
    level: z.number().positive().lt(1),
    /** End of the vault's span; days beyond the last one refill the budget. */
    until: Millis,
  }),
  z.strictObject({ kind: z.literal('vault-answered'), opening: Count, answer: z.enum(['pass', 'fail']) }),
  /** What became of a change that was sent through the gates of a throw-away copy to be stopped; it is no trial. */
  z.strictObject({
    kind: z.literal('canary'),
    /** `null` for the strategy that knows nothing, else which lie. */
    canary: z.string().regex(/^[a-z][a-z-]*$/),
    outcome: z.enum(['stopped', 'slipped', 'not-judged']),
    /** The gates that found it out. */
    stoppedBy: z.array(z.string()),
    sentence: z.string(),
  }),
  z.strictObject({
    kind: z.literal('night-ended'),
    decision: z.string(),
    reason: z.string(),
    trials: z.number().int(),
    /** Where its proposal stands. Left out where there is none. */
    branch: z.string().max(200).optional(),
    /** Of a night that proposed to retire a strategy, or another analysis module. Left out where evidence tells, or nothing was proposed. */
    stake: Stake.optional(),
  }),
]);
export type LedgerEntry = z.infer<typeof LedgerEntry>;

export type EntryOf<Kind extends LedgerEntry['kind']> = Extract<LedgerEntry, { kind: Kind }>;
