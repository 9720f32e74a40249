import type { CandleColumns } from '#engine/candles/types.ts';
import { createIntent, type Intent } from '#engine/contract/intent.ts';
import type { DecisionSource, SymbolSource } from './decision-source.ts';
import { TapeReader } from './loop-codec.ts';

/**
 * A run's intents in the place of its strategy: the simulation is made again from them in the engine's own process,
 * so no number that a strategy's process reports has to be believed.
 */
export class TapeSource implements DecisionSource {
  readonly warmupBars = 0;
  readonly #reader: TapeReader;
  readonly #symbols: readonly TapedSymbol[];

  constructor(tape: Float64Array, texts: readonly string[], symbolCount: number) {
    const reader = new TapeReader(tape, texts);
    this.#reader = reader;
    this.#symbols = Array.from({ length: symbolCount }, (_, index) => new TapedSymbol(reader, index));
  }

  attach(index: number, columns: CandleColumns, at: number): void {
    this.#symbols[index]!.attach(columns.time, at);
  }

  symbol(index: number): SymbolSource {
    return this.#symbols[index]!;
  }

  /** False when the tape holds decisions on bars that were never reached. */
  get isAtEnd(): boolean {
    return this.#reader.isAtEnd;
  }
}

class TapedSymbol implements SymbolSource {
  readonly #reader: TapeReader;
  readonly #index: number;
  /** Its own: the simulation reads it only after all symbols have decided. */
  readonly #intent: Intent = createIntent();
  #time: Float64Array = new Float64Array(0);
  #at = -1;

  constructor(reader: TapeReader, index: number) {
    this.#reader = reader;
    this.#index = index;
  }

  attach(time: Float64Array, at: number): void {
    this.#time = time;
    this.#at = at;
  }

  advance(): void {
    this.#at += 1;
  }

  isWarm(): boolean {
    return true;
  }

  decide(): Intent {
    const intent = this.#intent;
    const taped = this.#reader.next(this.#time[this.#at]!, this.#index);
    if (taped === null) intent.action = 'hold';
    else Object.assign(intent, taped);
    return intent;
  }
}
