/** Bars of one strategy and one version in a row; one bar is a run as well. All money in quote asset. */
export interface EquityRun {
  readonly strategy: string;
  /** Close of the last bar, UTC milliseconds. */
  readonly instant: number;
  /** Close of the first. */
  readonly first: number;
  /** The version that decided; empty where nothing was decided. */
  readonly treeHash: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** The deepest fall from a high before it within the run, a ratio of that high. */
  readonly fall: number;
  readonly bars: number;
  /** Bars at whose close something was held. */
  readonly held: number;
}

/** Decisions of one kind for one symbol within a run. */
export interface DecisionRun {
  readonly strategy: string;
  readonly symbol: string;
  /** Close of the bar of the last of them. */
  readonly instant: number;
  readonly first: number;
  readonly treeHash: string;
  readonly action: string;
  readonly reason: string;
  readonly outcome: string;
  readonly times: number;
}

/** Reasons of one symbol that a run keeps apart, the most frequent; a strategy may put numbers into them, and the store may not grow by that. */
export const reasonsMax = 16;
/** What stands for the reasons beyond. */
export const otherReasons = '…';

/** A bar that closes at the end of a bucket is its last: the close at midnight belongs to the day before. */
export function bucketOf(instant: number, everyMs: number): number {
  return Math.floor((instant - 1) / everyMs);
}

/**
 * Puts together what is of one bucket and one version, with no deployment between: so whatever was true as of a deployment still is.
 * @param rows of one strategy, oldest first
 * @param deployments market times at which a version of it was loaded, rising; a bar at that time is still before it
 * @returns the runs, each with what went into it, oldest first
 */
export function mergeRuns(
  rows: readonly EquityRun[],
  everyMs: number,
  deployments: readonly number[],
): { readonly run: EquityRun; readonly parts: readonly EquityRun[] }[] {
  const groups: EquityRun[][] = [];
  for (const row of rows) {
    const last = groups.at(-1)?.at(-1);
    const isOne =
      last !== undefined &&
      last.treeHash === row.treeHash &&
      bucketOf(last.instant, everyMs) === bucketOf(row.instant, everyMs) &&
      !deployments.some((at) => last.instant <= at && at < row.first);
    if (isOne) groups.at(-1)!.push(row);
    else groups.push([row]);
  }
  return groups.map((parts) => ({ run: parts.reduce(joined), parts }));
}

/**
 * The fall of two runs in a row is the deepest of either, or from the high of the one to the low of the other: 1 − v / max(a, b) is the
 * larger of 1 − v / a and 1 − v / b, so nothing is lost by forgetting the bars between.
 */
function joined(left: EquityRun, right: EquityRun): EquityRun {
  return {
    ...left,
    instant: right.instant,
    high: Math.max(left.high, right.high),
    low: Math.min(left.low, right.low),
    close: right.close,
    fall: Math.max(left.fall, right.fall, 1 - right.low / left.high),
    bars: left.bars + right.bars,
    held: left.held + right.held,
  };
}

/** Decisions within one run, counted: each kind with the first and the last of it. */
export function mergeDecisions(rows: readonly DecisionRun[]): DecisionRun[] {
  const kinds = counted(rows, ({ symbol, action, reason, outcome }) => JSON.stringify([symbol, action, reason, outcome]));
  const rare = new Set<DecisionRun>();
  const seen = new Map<string, number>();
  for (const kind of kinds.toSorted((left, right) => right.times - left.times || right.instant - left.instant)) {
    const before = seen.get(kind.symbol) ?? 0;
    seen.set(kind.symbol, before + 1);
    if (before >= reasonsMax) rare.add(kind);
  }
  if (rare.size === 0) return kinds;
  const told = kinds.map((kind) => (rare.has(kind) ? { ...kind, reason: otherReasons } : kind));
  return counted(told, ({ symbol, action, reason, outcome }) => JSON.stringify([symbol, action, reason, outcome]));
}

function counted(rows: readonly DecisionRun[], kindOf: (row: DecisionRun) => string): DecisionRun[] {
  const kinds = new Map<string, DecisionRun>();
  for (const row of rows) {
    const kind = kinds.get(kindOf(row));
    kinds.set(
      kindOf(row),
      kind === undefined
        ? row
        : {
            ...kind,
            instant: Math.max(kind.instant, row.instant),
            first: Math.min(kind.first, row.first),
            times: kind.times + row.times,
          },
    );
  }
  return [...kinds.values()];
}
