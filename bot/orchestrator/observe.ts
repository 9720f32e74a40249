import type { BacktestResult } from '#engine/backtest/types.ts';
import type { EngineReport } from '#engine/runtime/report.ts';
import type { Truth } from '#engine/store/truth/truth.ts';
import type { Analysis } from './analysis.ts';

export interface Observation {
  readonly strategy: string;
  /** Market time, UTC milliseconds: the night sees nothing later, however far the engine has gone since. */
  readonly asOf: number;
  /** What the engine's record says of the version; null where no engine has told of it. */
  readonly truth: Truth | null;
  readonly development: { readonly netReturn: number; readonly trades: number };
  /** What the analysis modules of main make of the market and of the trades; nothing is decided by it yet. */
  readonly analysis: Analysis;
  /** An open pull request that already changes this strategy. */
  readonly openProposal: number | null;
}

export function observe(facts: {
  strategy: string;
  asOf: number;
  truth: Truth | null;
  development: BacktestResult;
  analysis: Analysis;
  openProposal: number | null;
}): Observation {
  const { strategy, asOf, truth, development, analysis, openProposal } = facts;
  const { netReturn, trades } = development.metrics;
  return { strategy, asOf, truth, development: { netReturn, trades }, analysis, openProposal };
}

/** What the engine publishes of a version that runs; the record itself is on the engine's own disk. */
export function publishedTruth(report: EngineReport | null, strategy: string, tree: string): Truth | null {
  return report?.strategies.find((one) => one.id === strategy && one.tree === tree)?.truth ?? null;
}
