import type { ParameterRange } from '#engine/contract/types.ts';

/** A number a block declares, and what a reviewer is told when it moves: clauses that finish "… because". */
export interface BlockParameter extends ParameterRange {
  readonly raised: string;
  readonly lowered: string;
}

/** A streaming indicator of the module: `slow: ema(parameters.slow)`. */
export interface IndicatorPart {
  readonly name: string;
  /** The factory exported by the contract. */
  readonly factory: string;
  /** Its length in bars: the name of a parameter, or a literal. */
  readonly length: { readonly parameter: string } | { readonly bars: number };
  /** What it is computed of, when that is not the close. */
  readonly of?: 'volume';
}

/** A reason not to enter: the bar is held when `condition`, an expression over the bar, is true. */
export interface Guard {
  readonly condition: string;
  readonly reason: string;
}

/** What one building block adds to a strategy. The printer puts blocks together; a new block is a new file here. */
export interface Block {
  readonly parameters: Readonly<Record<string, BlockParameter>>;
  readonly indicators: readonly IndicatorPart[];
  readonly guards: readonly Guard[];
  /** Instead of the two above, when signals are taken from bars longer than the base ones. */
  readonly onLongerBars?: Pick<Block, 'indicators' | 'guards'>;
  /** Options of the entry order, each filled by the parameter of the same name. */
  readonly protection: readonly string[];
  /** What the block is called in a list of changes. */
  readonly name: string;
  /** Why one would add it: a clause with a subject and a verb. */
  readonly because: string;
}
