import type { CandleColumns } from '#engine/candles/types.ts';
import type { Intent } from '#engine/contract/intent.ts';
import type { PositionView } from '#engine/simulation/types.ts';

// Bundled into the strategy realm: no Node imports here.

/** Where decisions come from: a strategy at work, or the tape of one that was. Symbols go by their index in declared order. */
export interface DecisionSource {
  /** Bars a symbol must have seen before it decides. */
  readonly warmupBars: number;
  /** Hands a symbol its columns; the bar at `at` is the last one taken in. */
  attach(index: number, columns: CandleColumns, at: number): void;
  symbol(index: number): SymbolSource;
}

/** One symbol's decisions. The loop asks it bar by bar, without a look-up on the way. */
export interface SymbolSource {
  /** Takes in the next bar of the columns. */
  advance(): void;
  isWarm(): boolean;
  /**
   * @param position what is held; read during the call only
   * @returns the source's own object, valid until the symbol's next decision
   */
  decide(position: PositionView): Intent;
}
