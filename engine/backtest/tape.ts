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
  readonly #times: Float64Array;
  /** One intent a symbol: the simulation reads it only after all symbols have decided. */
  readonly #intents: Intent[];

  constructor(tape: Float64Array, texts: readonly string[], symbolCount: number) {
    this.#reader = new TapeReader(tape, texts);
    this.#times = new Float64Array(symbolCount);
    this.#intents = Array.from({ length: symbolCount }, createIntent);
  }

  ingest(index: number, time: number): void {
    this.#times[index] = time;
  }

  isWarm(): boolean {
    return true;
  }

  decide(index: number): Intent {
    const intent = this.#intents[index]!;
    const taped = this.#reader.next(this.#times[index]!, index);
    if (taped === null) intent.action = 'hold';
    else Object.assign(intent, taped);
    return intent;
  }

  /** False when the tape holds decisions on bars that were never reached. */
  get isAtEnd(): boolean {
    return this.#reader.isAtEnd;
  }
}
