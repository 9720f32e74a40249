import type { EngineReader } from '#engine/store/engine-reader.ts';
import type { DecisionRow, DeploymentRow, EquityRow, FaultRow, Stage, TradeRow } from '#engine/store/rows.ts';
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
  /** Its own, oldest first. */
  readonly decisions: readonly DecisionRow[];
  /** The account's at each bar since then, oldest first. */
  readonly equity: readonly EquityRow[];
  /** Those it opened and that are closed, oldest first. */
  readonly trades: readonly TradeRow[];
  /** Oldest first. */
  readonly faults: readonly FaultRow[];
  /** Share of the time since it was loaded in which the engine ran, by the clock on the wall; null where no time has passed. */
  readonly uptime: number | null;
}

/** A limit on what is read: ten years of hourly bars of nine symbols. */
const ROWS_MAX = 1_000_000;
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
  const equity = reader.equitySeries(asOf, strategy);
  const begunWith = reader.accounts().find((row) => row.strategy === strategy);
  const before = equity.findLast(({ instant }) => instant <= since)?.value;
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
    beganFlat: isFlat(reader, strategy, since),
    hasPredecessor: own.length > 1,
    decisions: reader
      .decisionsOf(strategy, ROWS_MAX)
      .filter(({ treeHash, instant }) => treeHash === tree && instant > since && instant <= asOf),
    equity: equity.filter(({ instant }) => instant > since),
    trades: reader.trades(asOf).filter((row) => row.strategy === strategy && row.version === tree && row.entryTime >= since),
    faults: reader
      .faults(ROWS_MAX)
      .filter((row) => row.strategy === strategy && row.instant !== null && row.instant > since && row.instant <= asOf)
      .reverse(),
    uptime: reader.truth(strategy, tree, asOf, now).uptime,
  };
}

/** Sums of floats that cancel leave a rest: what is held is told from it by what has been traded, symbol by symbol. */
function isFlat(reader: EngineReader, strategy: string, at: number): boolean {
  const books = new Map<string, { held: number; traded: number }>();
  for (const { symbol, side, quantity } of reader.fills(at).filter((row) => row.strategy === strategy)) {
    const { held, traded } = books.get(symbol) ?? { held: 0, traded: 0 };
    books.set(symbol, { held: held + (side === 'buy' ? quantity : -quantity), traded: traded + quantity });
  }
  return [...books.values()].every(({ held, traded }) => Math.abs(held) <= 1e-12 * traded);
}
