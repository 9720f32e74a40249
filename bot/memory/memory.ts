import { z } from 'zod';
import { Prediction } from '#bot/evidence/pack/prediction.ts';
import { Count, Millis, Probability, Ratio } from '#bot/evidence/pack/units.ts';
import { Forecast, Measure, ProposalKind, RiskTier, Threshold } from '#bot/evidence/pack.ts';

/** What is foreseen of a version's measure, once its days have passed. */
const Event = z.discriminatedUnion('is', [
  z.strictObject({ measure: Measure, is: z.literal('above'), value: z.number() }),
  z.strictObject({ measure: Measure, is: z.literal('below'), value: z.number() }),
  /** Both ends are inside. */
  z.strictObject({ measure: Measure, is: z.literal('between'), low: z.number(), high: z.number() }),
  z.strictObject({ measure: Measure, is: z.literal('at-most'), value: z.number() }),
]);
export type Event = z.infer<typeof Event>;

/** Who said it: the author of the change, or the bootstrap of the evidence where the author foresaw nothing. */
const Source = z.enum(['author', 'bootstrap']);

/**
 * What became of a forecast. Only the first two are scored: a version that was stopped early, or that nobody measured, has proven
 * nobody wrong.
 */
const ForecastState = z.enum([
  'came-true',
  'did-not',
  /** Its days have not passed. */
  'pending',
  /** The version was stopped before its days had passed. */
  'censored',
  /** What it was about never ran: its proposal was closed. */
  'never-ran',
  /** It should be known, and no record within reach tells. */
  'unknown',
]);
export type ForecastState = z.infer<typeof ForecastState>;

export const ScoredForecast = z.strictObject({
  source: Source,
  event: Event,
  probability: Probability,
  /** Days of market time after the version began to trade; of one that was to be retired, after the night that said so. */
  afterDays: z.int().positive(),
  /** Market time; null before it runs. */
  dueAt: Millis.nullable(),
  state: ForecastState,
  /** What the measure was when it was due; null where it was not measured. */
  measured: z.number().nullable(),
  /** Why it waits, or cannot be measured, where more is known of it than the state says. */
  why: z.string().nullable(),
});
export type ScoredForecast = z.infer<typeof ScoredForecast>;

export const KillRuleOutcome = z.strictObject({
  source: Source,
  measure: Measure,
  is: z.enum(['above', 'below']),
  value: z.number(),
  /** Looked at from then on; 0 for one that holds at any time. */
  afterDays: z.int().nonnegative(),
  /** `kept` says no more than that it was never found broken up to now, or to the version's end. */
  state: z.enum(['tripped', 'kept', 'pending', 'censored', 'never-ran', 'unknown']),
  /** The first day's end at which it was found broken, market time; null where it was not. */
  trippedAt: Millis.nullable(),
  /** As of a forecast. */
  why: z.string().nullable(),
});
export type KillRuleOutcome = z.infer<typeof KillRuleOutcome>;

/** What became of one proposal. */
const Fate = z.strictObject({
  /** `unknown` where neither the forge nor the record of merges tells. */
  state: z.enum(['open', 'merged', 'closed', 'unknown']),
  pullRequest: z.int().positive().nullable(),
  /** Wall clock. */
  openedAt: Millis.nullable(),
  /** When it was merged or closed, wall clock. */
  endedAt: Millis.nullable(),
});

const Proposed = z.strictObject({
  /** Another than the night's when it was new. */
  strategy: z.string(),
  fate: Fate,
  /** What its author claimed; null where neither evidence nor ledger tells. */
  claim: z
    .strictObject({
      kind: z.enum([...ProposalKind.options, 'RETIRE', 'ANALYSIS']),
      hypothesis: z.string(),
      /** None of what needs no evidence. */
      changes: z.array(z.string()),
      riskTier: RiskTier,
      forecast: Forecast.nullable(),
      killRule: Threshold.nullable(),
      prediction: Prediction,
    })
    .nullable(),
  /** Since when it traded, and up to when it did; null where no record tells that it ever did. Market time. */
  ran: z.strictObject({ since: Millis, until: Millis.nullable() }).nullable(),
  /** How it does now, or did when it was stopped; null where nothing was measured. */
  now: z
    .strictObject({
      netReturn: Ratio.nullable(),
      maxDrawdown: Ratio.nullable(),
      winRate: Ratio.nullable(),
      tradesPerDay: z.number().nonnegative().nullable(),
    })
    .nullable(),
  forecasts: z.array(ScoredForecast),
  killRules: z.array(KillRuleOutcome),
});
export type Proposed = z.infer<typeof Proposed>;

export const PastNight = z.strictObject({
  cycle: z.string(),
  strategy: z.string(),
  proposer: z.string(),
  /** Market time it looked up to. */
  asOf: Millis,
  /** Null of one that was left unfinished. */
  decision: z.string().nullable(),
  reason: z.string().nullable(),
  trials: Count,
  /** Questions to the selection data, and how many were answered `above`. */
  asked: Count,
  above: Count,
  /** Null where nothing was proposed. */
  proposed: Proposed.nullable(),
});
export type PastNight = z.infer<typeof PastNight>;

const Bin = z.strictObject({
  /** Probabilities from here, */
  from: Probability,
  /** up to but without here; the last bin has 1 in it. */
  to: Probability,
  forecasts: Count,
  meanProbability: Probability,
  cameTrue: Count,
  /** Wilson's interval of the share that came true, at 95 %. */
  low: Probability,
  high: Probability,
});

/** Null in place of figures where too few forecasts are due. */
export const Scores = z.strictObject({
  /** That came true or did not. */
  scored: Count,
  pending: Count,
  censored: Count,
  neverRan: Count,
  unknown: Count,
  figures: z
    .strictObject({
      /** Mean squared distance of the probability from what happened: 0 is perfect, 0.25 is what always saying 50 % gets. */
      brier: z.number(),
      /** What always saying how often such things come true would have got. */
      uncertainty: z.number(),
      /** Distance of the probabilities from how often things came true; less is better. */
      reliability: z.number(),
      /** How far they told what comes true from what does not; more is better. */
      resolution: z.number(),
      /** What the bins blur: the four are `brier = reliability - resolution + uncertainty + withinBins`. */
      withinBins: z.number(),
      calibration: z.array(Bin),
    })
    .nullable(),
});
export type Scores = z.infer<typeof Scores>;

/** What the trials say about one kind of change. A trial that changes several things counts for each of them. */
export const Insight = z.strictObject({
  change: z.string(),
  /** That ran to a result, and how many more were refused before they could. */
  trials: z.int().positive(),
  rejected: Count,
  nights: z.int().positive(),
  /** Median of a trial's net return minus the median of that night's trials without this change; development data. */
  againstOthers: Ratio.nullable(),
  /** Trials that had something to be compared with there, and those of them that did better. */
  compared: Count,
  better: Count,
  /** The same minus the incumbent's net return, where that is known, and of how many trials. */
  againstIncumbent: Ratio.nullable(),
  comparedWithIncumbent: Count,
  /** Configurations with it that asked the selection data, and how many held there. */
  asked: Count,
  held: Count,
});
export type Insight = z.infer<typeof Insight>;

const Remark = z.strictObject({
  by: z.string(),
  /** Wall clock. */
  at: Millis,
  where: z.enum(['review', 'line', 'comment']),
  /** Of a review. */
  verdict: z.enum(['approved', 'changes-requested', 'commented', 'dismissed']).nullable(),
  /** Of a remark on a line. */
  path: z.string().nullable(),
  /** Their words, without what cannot be seen, cut to a length. */
  text: z.string(),
});
export type Remark = z.infer<typeof Remark>;

export const Discussion = z.strictObject({
  pullRequest: z.int().positive(),
  cycle: z.string(),
  /** Newest last, of people who may write; nobody else is heard, and no bot. */
  remarks: z.array(Remark),
  /** Older ones that are left out. */
  omitted: Count,
});
export type Discussion = z.infer<typeof Discussion>;

/** What the machine knows of its own past, as stable JSON. Nothing in it became known after `asOf` (market) and `toldAt` (wall clock). */
export const Memory = z.strictObject({
  schema: z.literal('ratchet/memory/1'),
  strategy: z.string(),
  /** Market time, UTC milliseconds. */
  asOf: Millis,
  /** Wall clock, UTC milliseconds: what people did and said later is left out. */
  toldAt: Millis,
  /** Newest first; of this strategy, and the nights from which it came. */
  nights: z.array(PastNight),
  /** Older ones that are left out of the list; their trials count in the insights. */
  nightsOmitted: Count,
  scores: z.strictObject({
    /** Below so many there are no figures. */
    least: z.int().positive(),
    overall: Scores,
    byProposer: z.record(z.string(), Scores),
  }),
  insights: z.strictObject({
    /** Below so many compared trials nothing is said about a change. */
    least: z.int().positive(),
    /** Kinds of change that were looked at: the more, the more of what they show is luck. */
    kinds: Count,
    shown: z.array(Insight),
  }),
  people: z.union([
    z.strictObject({ discussions: z.array(Discussion) }),
    /** Why nobody was asked. */
    z.strictObject({ problem: z.string() }),
  ]),
});
export type Memory = z.infer<typeof Memory>;
