import type { BacktestResult } from '#engine/backtest/types.ts';

/** Truth benchmarks: each is one line of arithmetic over the engine's store, up to `asOf`, and no proposer can change them. */
export interface PaperBenchmarks {
  readonly trades: number;
  readonly wins: number;
  /** Quote asset, after fees. */
  readonly netResult: number;
  readonly fees: number;
  readonly decisions: number;
  readonly holds: number;
  readonly lastTradeTime: number | null;
  /** Open time of the newest bar the engine has decided on. */
  readonly lastBarTime: number | null;
}

export interface Observation {
  readonly strategy: string;
  /** Market time, UTC milliseconds: the night sees nothing later, however far the engine has gone since. */
  readonly asOf: number;
  readonly paper: PaperBenchmarks;
  readonly development: { readonly netReturn: number; readonly trades: number };
  /** An open pull request that already changes this strategy. */
  readonly openProposal: number | null;
}

/** The rows the benchmarks are made from. */
export interface PaperRecord {
  readonly trades: readonly { readonly netResult: number; readonly fees: number; readonly exitTime: number }[];
  readonly decisionCounts: readonly { readonly action: string; readonly count: number }[];
  readonly lastBarTime: number | null;
}

export function benchmarks(record: PaperRecord): PaperBenchmarks {
  const { trades, decisionCounts } = record;
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return {
    trades: trades.length,
    wins: trades.filter((trade) => trade.netResult > 0).length,
    netResult: sum(trades.map((trade) => trade.netResult)),
    fees: sum(trades.map((trade) => trade.fees)),
    decisions: sum(decisionCounts.map((item) => item.count)),
    holds: sum(decisionCounts.filter((item) => item.action === 'hold').map((item) => item.count)),
    lastTradeTime: trades.length === 0 ? null : Math.max(...trades.map((trade) => trade.exitTime)),
    lastBarTime: record.lastBarTime,
  };
}

export function observe(facts: {
  strategy: string;
  asOf: number;
  record: PaperRecord;
  development: BacktestResult;
  openProposal: number | null;
}): Observation {
  const { strategy, asOf, record, development, openProposal } = facts;
  const { netReturn, trades } = development.metrics;
  return { strategy, asOf, paper: benchmarks(record), development: { netReturn, trades }, openProposal };
}
