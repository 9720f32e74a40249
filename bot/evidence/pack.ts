import { z } from 'zod';
import { StoredDataset } from '#engine/candles/dataset-schema.ts';
import { StrategyId } from '#engine/contract/manifest.ts';
import { StoredMarketRules } from '#engine/simulation/market-rules-schema.ts';
import { Comparison } from './pack/comparison.ts';
import { Prediction } from './pack/prediction.ts';
import { ProposalClaim } from './pack/proposal.ts';
import { BreakEven, Capacity, Correlation, Costs, Neighbourhood, Pair, Regimes } from './pack/robustness.ts';
import { BuyAndHold, Version } from './pack/run.ts';
import { Search } from './pack/search.ts';
import { Statistics } from './pack/statistics.ts';
import { Digest, Millis, Span } from './pack/units.ts';
import { WalkForward } from './pack/walk-forward.ts';

export {
  CHANGE_LENGTH_MAX,
  Forecast,
  HYPOTHESIS_LENGTH_MAX,
  Measure,
  ProposalClaim,
  ProposalKind,
  RiskTier,
  Threshold,
} from './pack/proposal.ts';
export { Run } from './pack/run.ts';

/** The file inside a strategy's folder; replaced by each version, so a review shows what changed in the numbers too. */
export const PACK_PATH = 'evidence/pack.json';

/**
 * Everything that is known of a candidate, as canonical JSON (RFC 8785). All of it but the claim is a function of the candidate, the
 * base commit and the ledger, so that the gate makes the same bytes. What has no value is null: never 0, never left out.
 */
export const Pack = z.strictObject({
  schema: z.literal('ratchet/evidence/3'),
  cycle: z.string().regex(/^[0-9]{8}-[0-9]+$/),
  strategy: StrategyId,
  /** Whose version it is measured against: its own, unless the strategy is new. */
  against: StrategyId,
  /** What fills mean; raised whenever it changes. */
  semantics: z.number().int().positive(),
  proposal: ProposalClaim,
  /** Git tree of `strategies/<against>` on the base commit. */
  parentTree: z.string().regex(/^[0-9a-f]{40}$/),
  /** Digests of the files the numbers belong to. */
  files: z.record(z.string(), Digest),
  dataset: StoredDataset,
  spans: z.strictObject({ development: Span, selection: Span }),
  markets: z.record(z.string(), StoredMarketRules),
  /** Quote asset. */
  capital: z.number().positive(),
  seed: z.number().int(),
  search: Search,
  candidate: Version,
  incumbent: Version,
  buyAndHold: z.strictObject({ development: BuyAndHold, selection: BuyAndHold }),
  /** How far the candidate is from the other two, and how sure that is. */
  comparison: Comparison,
  statistics: Statistics,
  walkForward: WalkForward,
  neighbourhood: Neighbourhood,
  costs: Costs,
  breakEven: z.strictObject({ candidate: BreakEven, incumbent: BreakEven }),
  /** Net return on the selection data when every decision executes one bar late. */
  delayedOneBar: Pair,
  regimes: Regimes,
  correlation: Correlation,
  capacity: Capacity,
  prediction: Prediction,
  /** Selection data, quote asset, one point a UTC day. */
  equity: z.strictObject({
    time: z.array(Millis),
    candidate: z.array(z.number()),
    incumbent: z.array(z.number()),
    buyAndHold: z.array(z.number()),
  }),
});
export type Pack = z.infer<typeof Pack>;
