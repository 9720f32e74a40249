import type { DecisionRecord } from '#engine/contract/intent.ts';
import type { Denial } from '#engine/risk/denial.ts';
import type { HaltState } from '#engine/risk/pre-trade.ts';
import type { ClosedBar, Fill, PositionView, Trade } from '#engine/simulation/types.ts';

/** What a strategy trades on. The paper simulation has this shape; `VenueAccount` is the other one that has it. */
export interface TradingAccount {
  readonly settings: { readonly symbols: readonly string[]; readonly barMs: number };
  /** Takes in the bars that closed at one instant: what is held is worth their closes and a bar older; targets and horizons are judged. */
  onBars(bars: readonly ClosedBar[]): void;
  /** Sized, judged and journalled when it returns; what is sent is sent after that. */
  submit(decisions: readonly DecisionRecord[]): void;
  /** Every symbol traded, flat ones too. */
  positions(): PositionView[];
  /** Cash and holdings at their last prices, quote asset. */
  equity(): number;
  /** Since it was last taken. */
  takeRecord(): { readonly fills: readonly Fill[]; readonly trades: readonly Trade[]; readonly denials: readonly Denial[] };
  setHalt(halt: HaltState): void;
  /** Positions opened from now on carry this tag. */
  setVersion(tree: string): void;
}
