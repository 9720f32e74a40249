import { z } from 'zod';
import { StoredDataset } from '#engine/candles/dataset-schema.ts';
import { StrategyId } from '#engine/contract/manifest.ts';
import { StoredMarketRules } from '#engine/simulation/market-rules-schema.ts';

/** The file inside a strategy's folder; replaced by each version, so a review shows what changed in the numbers too. */
export const PACK_PATH = 'evidence/pack.json';

const Digest = z.templateLiteral(['sha256:', z.string().regex(/^[0-9a-f]{64}$/)]);
const Ratio = z.number();
const Millis = z.number().int();
const Span = z.strictObject({ from: Millis, to: Millis });
const ParameterValues = z.record(z.string(), z.number());

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

const Metrics = z.looseObject({
  bars: z.number().int(),
  trades: z.number().int(),
  netReturn: Ratio,
  maxDrawdown: Ratio,
  sharpe: z.number().nullable(),
  fees: z.number(),
});

/** One backtest: the digest of what went in, the digest of what came out, and the numbers people read. */
const Run = z.strictObject({ resultId: Digest, resultDigest: Digest, metrics: Metrics });
export type Run = z.infer<typeof Run>;

/** The yardstick that needs no skill: equal weights bought at the first open, held to the last close, after costs. */
const BuyAndHold = z.strictObject({ netReturn: Ratio, maxDrawdown: Ratio });

const Version = z.strictObject({
  /** Digest of the checked bundle that ran. */
  artifact: Digest,
  parameters: ParameterValues,
  development: Run,
  selection: Run,
});

export const Pack = z.strictObject({
  schema: z.literal('ratchet/evidence/1'),
  cycle: z.string().regex(/^[0-9]{8}-[0-9]+$/),
  strategy: StrategyId,
  /** What fills mean; raised whenever it changes. */
  semantics: z.number().int().positive(),
  proposal: ProposalClaim,
  /** Git tree of `strategies/<id>` on the base commit. */
  parentTree: z.string().regex(/^[0-9a-f]{40}$/),
  /** Digests of the files the numbers belong to. */
  files: z.record(z.string(), Digest),
  dataset: StoredDataset,
  spans: z.strictObject({ development: Span, selection: Span }),
  markets: z.record(z.string(), StoredMarketRules),
  /** Quote asset. */
  capital: z.number().positive(),
  seed: z.number().int(),
  search: z.strictObject({
    /** Configurations evaluated in this night, failures included. */
    trials: z.number().int().positive(),
    /** In all nights up to and including this one. */
    trialsEver: z.number().int().positive(),
    /** How many ideas all scored trials ever amount to, by clustering their daily returns. */
    trialsEffective: z.number().int().positive(),
    /** Variance of the Sharpe ratios per day of all trials ever scored, and of the ideas; null below two. */
    sharpeVariance: z.number().nonnegative().nullable(),
    sharpeVarianceEffective: z.number().nonnegative().nullable(),
    /** Hash of the ledger's line that closed the night's search. */
    ledgerHead: Digest,
  }),
  candidate: Version,
  incumbent: Version,
  buyAndHold: z.strictObject({ development: BuyAndHold, selection: BuyAndHold }),
  /** Net return on the selection data when fees, spread and slippage are multiplied. */
  costs: z.array(z.strictObject({ multiplier: z.number().int().positive(), candidate: Ratio, incumbent: Ratio })).min(1),
  /** Net return on the selection data when every decision executes one bar late. */
  delayedOneBar: z.strictObject({ candidate: Ratio, incumbent: Ratio }),
  /** Selection data, quote asset, one point a UTC day. */
  equity: z.strictObject({
    time: z.array(Millis),
    candidate: z.array(z.number()),
    incumbent: z.array(z.number()),
    buyAndHold: z.array(z.number()),
  }),
});
export type Pack = z.infer<typeof Pack>;
