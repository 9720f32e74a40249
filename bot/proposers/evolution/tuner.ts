import type { RandomStream } from '#engine/candles/random-stream.ts';
import type { ParameterRange, ParameterRanges } from '#engine/contract/types.ts';
import { type Configuration, snap } from './configuration.ts';
import { CmaEs } from './numbers/cma-es.ts';
import type { TrialBook } from './trial-book.ts';

/** Standard deviation of the first generation, as a share of each number's range. */
const STEP = 0.15;

/** Moves the numbers of one structure by CMA-ES, and learns from what the book says of them, a generation at a time. */
export class Tuner {
  readonly #start: Configuration;
  readonly #ranges: readonly (readonly [name: string, range: ParameterRange])[];
  readonly #search: CmaEs;
  #asked: Configuration[] = [];

  constructor(start: Configuration, ranges: ParameterRanges) {
    this.#start = start;
    this.#ranges = Object.entries(ranges).filter(([, { min, max }]) => max > min);
    this.#search = new CmaEs(this.#pointOf(start), STEP);
  }

  /** The structure with other numbers, on the grids of their ranges. */
  ask(random: RandomStream): Configuration {
    const point = this.#search.ask(random);
    const moved = this.#ranges.map(([name, range], axis) => {
      return [name, snap(range.min + point[axis]! * (range.max - range.min), range)] as const;
    });
    const configuration = { ...this.#start, values: { ...this.#start.values, ...Object.fromEntries(moved) } };
    this.#asked.push(configuration);
    return configuration;
  }

  /** Learns from what has been answered since, where that makes a generation; a number that was refused ranks last. */
  learn(book: TrialBook): void {
    const answered = this.#asked.filter((configuration) => book.hasAsked(configuration));
    if (answered.length < this.#search.generation) return;
    const ranked = answered
      .map((configuration) => ({ point: this.#pointOf(configuration), fitness: book.fitnessOf(configuration) }))
      .toSorted((a, b) => (a.fitness === b.fitness ? 0 : b.fitness - a.fitness));
    this.#search.tell(ranked.map(({ point }) => point));
    this.#asked = [];
  }

  #pointOf({ values }: Configuration): number[] {
    return this.#ranges.map(([name, { min, max }]) => (values[name]! - min) / (max - min));
  }
}
