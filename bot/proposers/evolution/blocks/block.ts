import type { ParameterRange } from '#engine/contract/types.ts';

/** A number a block declares, and why one would move it: clauses with a subject and a verb. */
export interface BlockParameter extends ParameterRange {
  readonly raised: string;
  readonly lowered: string;
}

/** A streaming indicator of the module: `slow: ema(slow)`. */
export interface IndicatorPart {
  readonly name: string;
  /** The factory exported by the contract. A simple average forgets at once what is older than its length, the others slowly. */
  readonly factory: 'ema' | 'rsi' | 'sma';
  /** Its length in bars: the name of a parameter, or a number that is not for the search to move. */
  readonly length: { readonly parameter: string } | { readonly bars: number };
  /** What it is computed of, when that is not the close. */
  readonly of?: 'volume';
}

/** A reason not to enter: the bar is held when `condition`, an expression over bar, parameters and indicators by name, is true. */
export interface Guard {
  readonly condition: string;
  readonly reason: string;
}

/** What one building block adds to a strategy. The printer puts blocks together; a new block is a new entry or file here. */
export interface Block {
  /** What the block is called in a list of changes. */
  readonly name: string;
  readonly parameters: Readonly<Record<string, BlockParameter>>;
  readonly indicators: readonly IndicatorPart[];
  readonly guards: readonly Guard[];
  /** Instead of the two above, when signals are taken from bars longer than the base ones. */
  readonly onLongerBars?: Pick<Block, 'indicators' | 'guards'>;
  /** Options of the entry order, each filled by the parameter of the same name. */
  readonly protection: readonly string[];
  /** What one has to believe for the block to make sense: a sentence of the module's docstring. */
  readonly belief: string;
  /** Why one would bring it in: a clause with a subject and a verb. */
  readonly because: string;
}
