import { z } from 'zod';

const Flag = z.literal([0, 1]).transform((flag) => flag === 1);
const Millis = z.int();

/** The contract's stages; this room stands below it. */
export const Stage = z.enum(['shadow', 'paper', 'canary', 'live']);
export type Stage = z.infer<typeof Stage>;

export const SyncStatus = z.enum(['Synced', 'OutOfSync', 'Degraded']);
export type SyncStatus = z.infer<typeof SyncStatus>;

export const DeploymentOutcome = z.enum(['trial', 'running', 'replaced', 'fell-back', 'removed']);
export type DeploymentOutcome = z.infer<typeof DeploymentOutcome>;

export const DeploymentRow = z.strictObject({
  id: z.int(),
  strategy: z.string(),
  treeHash: z.string(),
  commitHash: z.string(),
  stage: Stage,
  artifact: z.string(),
  /** Market time at which it was loaded. */
  instant: Millis,
  loadedAt: Millis,
  droppedAt: Millis.nullable(),
  outcome: DeploymentOutcome,
  /** Length of its bars, and how many symbols it decides on at each; null in what was recorded before this was. */
  barMs: Millis.nullable(),
  symbols: z.int().nullable(),
});
export type DeploymentRow = z.infer<typeof DeploymentRow>;

export const FillRow = z.strictObject({
  strategy: z.string(),
  treeHash: z.string(),
  instant: Millis,
  time: Millis,
  symbol: z.string(),
  side: z.enum(['buy', 'sell']),
  quantity: z.number(),
  price: z.number(),
  fee: z.number(),
  isMaker: Flag,
  cause: z.string(),
  reason: z.string(),
});
export type FillRow = z.infer<typeof FillRow>;

export const TradeRow = z.strictObject({
  strategy: z.string(),
  /** The version that was loaded when it closed; `version` opened it. */
  treeHash: z.string(),
  instant: Millis,
  symbol: z.string(),
  entryTime: Millis,
  exitTime: Millis,
  entryPrice: z.number(),
  exitPrice: z.number(),
  quantity: z.number(),
  fees: z.number(),
  netResult: z.number(),
  netReturn: z.number(),
  barsHeld: z.int(),
  maxAdverseExcursion: z.number(),
  maxFavourableExcursion: z.number(),
  entryReason: z.string(),
  exitReason: z.string(),
  exitCause: z.string(),
  version: z.string(),
});
export type TradeRow = z.infer<typeof TradeRow>;

export const DecisionRow = z.strictObject({
  strategy: z.string(),
  treeHash: z.string(),
  instant: Millis,
  symbol: z.string(),
  action: z.string(),
  reason: z.string(),
  /** `held`, `accepted`, or `denied:<code>`. */
  outcome: z.string(),
  ageMs: Millis.nullable().describe(
    "milliseconds, how long after its close the bar decided on was known, by the venue's clock; 0 in a replay, null in what was recorded before this was",
  ),
  missing: z.array(z.string()).describe('symbols whose bars were waited for in vain at that moment'),
});
export type DecisionRow = z.infer<typeof DecisionRow>;

/** The same as it stands in the store: what was missing is JSON there, and null for nothing. */
export const StoredDecision = z.strictObject({
  ...DecisionRow.shape,
  missing: z
    .string()
    .nullable()
    .transform((text): string[] => (text === null ? [] : z.array(z.string()).parse(JSON.parse(text)))),
});
/** Its columns but `outcome`, which may have become another one since. */
export const decisionColumns = 'strategy, treeHash, instant, symbol, action, reason, ageMs, missing';

/** A decision, or a run of the same one that is kept as one: made `times` times at bars that closed from `first` to `instant`. */
export const DecidedRow = z.strictObject({
  symbol: z.string(),
  action: z.string(),
  reason: z.string(),
  outcome: z.string(),
  first: Millis,
  instant: Millis,
  times: z.int().positive(),
});
export type DecidedRow = z.infer<typeof DecidedRow>;

export const DecisionCountRow = z.strictObject({
  strategy: z.string(),
  action: z.string(),
  reason: z.string(),
  outcome: z.string(),
  count: z.int(),
});
export type DecisionCountRow = z.infer<typeof DecisionCountRow>;

export const DenialCountRow = z.strictObject({ strategy: z.string(), code: z.string(), count: z.int() });
export type DenialCountRow = z.infer<typeof DenialCountRow>;

export const EquityRow = z.strictObject({ strategy: z.string(), instant: Millis, value: z.number() });
export type EquityRow = z.infer<typeof EquityRow>;

/** A bar, or a run of bars that ends at `instant`: `value` is its last equity, `fall` the deepest fall from a high within it, a ratio. */
export const EquitySpan = z.strictObject({
  ...EquityRow.shape,
  first: Millis,
  high: z.number(),
  low: z.number(),
  fall: z.number(),
});
export type EquitySpan = z.infer<typeof EquitySpan>;

export const OpenPosition = z.strictObject({
  symbol: z.string(),
  quantity: z.number(),
  entryPrice: z.number(),
  barsHeld: z.int(),
});
export type OpenPosition = z.infer<typeof OpenPosition>;

export const AccountRow = z.strictObject({
  strategy: z.string(),
  instant: Millis,
  deployment: z.int().nullable(),
  /** Snapshot of the simulation, JSON. */
  account: z.string(),
  /** What the strategy remembers, JSON. */
  memory: z.string(),
  positions: z.string(),
});
export type AccountRow = z.infer<typeof AccountRow>;

export const FaultRow = z.strictObject({
  at: Millis,
  instant: Millis.nullable(),
  strategy: z.string(),
  treeHash: z.string().nullable(),
  code: z.string(),
  message: z.string(),
});
export type FaultRow = z.infer<typeof FaultRow>;

export const SyncRow = z.strictObject({
  at: Millis,
  status: SyncStatus,
  commitHash: z.string().nullable(),
  reason: z.string(),
});
export type SyncRow = z.infer<typeof SyncRow>;

export const QuarantineRow = z.strictObject({ treeHash: z.string(), strategy: z.string(), reason: z.string(), at: Millis });
export type QuarantineRow = z.infer<typeof QuarantineRow>;
