import type { CandleColumns } from '#engine/candles/types.ts';
import { createIntent, type Intent } from '#engine/contract/intent.ts';
import type { DecisionSource } from './loop.ts';
import { TapeReader } from './loop-codec.ts';

/**
 * A run's intents in the place of its strategy: the simulation is made again from them in the engine's own process,
 * so no number that a strategy's process reports has to be believed.
 */
export class TapeSource implements DecisionSource {
  readonly warmupBars = 0;
  readonly #reader: TapeReader;
  readonly #feeds: { time: Float64Array; at: number }[];
  /** One intent a symbol: the simulation reads it only after all symbols have decided. */
  readonly #intents: Intent[];

  constructor(tape: Float64Array, texts: readonly string[], symbolCount: number) {
    this.#reader = new TapeReader(tape, texts);
    this.#feeds = Array.from({ length: symbolCount }, () => ({ time: new Float64Array(0), at: -1 }));
    this.#intents = Array.from({ length: symbolCount }, createIntent);
  }

  attach(index: number, columns: CandleColumns, at: number): void {
    this.#feeds[index] = { time: columns.time, at };
  }

  advance(index: number): void {
    this.#feeds[index]!.at += 1;
  }

  isWarm(): boolean {
    return true;
  }

  decide(index: number): Intent {
    const intent = this.#intents[index]!;
    const { time, at } = this.#feeds[index]!;
    const taped = this.#reader.next(time[at]!, index);
    if (taped === null) intent.action = 'hold';
    else Object.assign(intent, taped);
    return intent;
  }

  /** False when the tape holds decisions on bars that were never reached. */
  get isAtEnd(): boolean {
    return this.#reader.isAtEnd;
  }
}
