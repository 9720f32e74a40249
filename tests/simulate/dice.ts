import { RandomStream } from '#engine/candles/random-stream.ts';

/** Chance as a simulation asks for it. Dice of other names under the same seed fall independently. */
export class Dice {
  readonly #stream: RandomStream;

  constructor(seed: number, name: string) {
    this.#stream = new RandomStream(seed, name);
  }

  chance(probability: number): boolean {
    return this.#stream.uniform() < probability;
  }

  /** A real number from `low` to `high`. */
  between(low: number, high: number): number {
    return low + (high - low) * this.#stream.uniform();
  }

  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return low + Math.floor((high - low + 1) * this.#stream.uniform());
  }

  /** A positive number whose logarithm is uniform: as often between 10 and 100 as between 100 and 1,000. */
  magnitude(low: number, high: number): number {
    return low * (high / low) ** this.#stream.uniform();
  }

  pick<Choice>(choices: readonly Choice[]): Choice {
    return choices[this.whole(0, choices.length - 1)]!;
  }
}
