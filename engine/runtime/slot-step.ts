import type { DecisionRecord } from '#engine/contract/intent.ts';
import type { HaltState } from '#engine/risk/pre-trade.ts';
import type { StrategyStep } from '#engine/store/engine-store.ts';
import { decisionRows } from './decision-rows.ts';
import { joined, type MarketRecord } from './market-record.ts';

export interface Stepped {
  readonly strategy: string;
  /** Of the version that decides; empty where none does. */
  readonly treeHash: string;
  /** Close of the bar, UTC milliseconds. */
  readonly instant: number;
  /** What came of earlier orders, up to the decision. */
  readonly before: MarketRecord;
  /** What came at once of what was submitted. */
  readonly own: MarketRecord;
  readonly decided: readonly DecisionRecord[];
  /** What went to the account: what was decided, but for what had to go whatever was. */
  readonly submitted: readonly DecisionRecord[];
  readonly isShadow: boolean;
  /** Under which it was submitted. */
  readonly halt: HaltState;
  /** Quote asset. */
  readonly equity: number;
}

/** One bar of one strategy as the record keeps it. */
export function stepOf({ strategy, treeHash, instant, before, own, decided, submitted, ...taken }: Stepped): StrategyStep {
  const { isShadow, halt, equity } = taken;
  const all = joined(before, own);
  const judged = all.traces.filter((order) => order.instant === instant);
  const noted = isShadow ? [...decided, ...submitted.filter(({ symbol }) => !isAmong(decided, symbol))] : submitted;
  return {
    ...{ strategy, treeHash, instant, equity },
    ...all,
    denials: before.denials,
    decisions: decisionRows(noted, { denials: own.denials, judged, isShadow, halt }),
    traces: all.traces.filter((order) => !judged.includes(order)),
  };
}

export function isAmong(decisions: readonly DecisionRecord[], symbol: string): boolean {
  return decisions.some((decision) => decision.symbol === symbol);
}
