import type { EngineReader } from '#engine/store/engine-reader.ts';
import type { DecidedRow, DeploymentRow, EquitySpan, FaultRow, Stage, TradeRow } from '#engine/store/rows.ts';
import { readStoredSlot } from '../slot-memory.ts';

/** All that the engine has recorded of the version that runs, from its loading up to a market time. Money in the quote asset. */
export interface ForwardRecord {
  readonly strategy: string;
  /** Its tree, and the main commit it was loaded from. */
  readonly tree: string;
  readonly commit: string;
  readonly stage: Stage;
  /** Market time at which it was loaded, UTC milliseconds: the open of the first bar it could decide on. */
  readonly since: number;
  /** Market time up to which this speaks, UTC milliseconds. */
  readonly asOf: number;
  readonly barMs: number;
  /** What the account was worth when it was loaded. */
  readonly capital: number;
  /** Nothing was held then: what followed is this version's alone. */
  readonly beganFlat: boolean;
  /** Another version ran before it, whose state it may have taken over. */
  readonly hasPredecessor: boolean;
  /** Its own, oldest first; what is old may stand in runs. */
  readonly decided: readonly DecidedRow[];
  /** The account's at each bar, or run of bars, since then, oldest first. */
  readonly equity: readonly EquitySpan[];
  /** Those it opened and that are closed, oldest first. */
  readonly trades: readonly TradeRow[];
  /** Oldest first. */
  readonly faults: readonly FaultRow[];
  /** Share of the time since it was loaded in which the engine ran, by the clock on the wall; null where no time has passed. */
  readonly uptime: number | null;
}

/** A limit on what is read: who faults more often is stopped long before. */
const FAULTS_MAX = 100_000;
/** Loaded and never in charge. */
const NEVER_RAN: readonly DeploymentRow['outcome'][] = ['trial', 'fell-back'];

/**
 * The record of the version of a strategy that ran at a market time.
 * @param asOf market time, UTC milliseconds @param now wall-clock time, UTC milliseconds
 * @returns null when none ran then, or none of this form was recorded
 */
export function readForward(
  reader: EngineReader,
  strategy: string,
  { asOf, now }: { readonly asOf: number; readonly now: number },
): ForwardRecord | null {
  const own = reader.deployments(asOf).filter((row) => row.strategy === strategy && !NEVER_RAN.includes(row.outcome));
  const last = own.at(-1);
  if (last === undefined || last.barMs === null || last.outcome === 'removed') return null;
  const { treeHash: tree, commitHash: commit, instant: since, stage, barMs } = last;
  const begunWith = reader.accounts().find((row) => row.strategy === strategy);
  const before = reader.equitySeries(since, strategy).at(-1)?.value;
  const capital = before ?? (begunWith === undefined ? null : readStoredSlot(begunWith).account.capital);
  if (capital === null) return null;
  return {
    strategy,
    tree,
    commit,
    stage,
    since,
    asOf,
    barMs,
    capital,
    beganFlat: !reader.isHeldAt(strategy, since),
    hasPredecessor: own.length > 1,
    decided: reader.decidedBy(strategy, tree, { since, asOf }),
    equity: reader.equityAfter(strategy, since).filter(({ instant }) => instant <= asOf),
    trades: reader.trades(asOf).filter((row) => row.strategy === strategy && row.version === tree && row.entryTime >= since),
    faults: reader
      .faults(FAULTS_MAX)
      .filter((row) => row.strategy === strategy && row.instant !== null && row.instant > since && row.instant <= asOf)
      .reverse(),
    uptime: reader.truth(strategy, tree, asOf, now).uptime,
  };
}
