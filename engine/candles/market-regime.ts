import { RandomStream } from './random-stream.ts';

/** What the whole market is doing. The strategy under test is never told. */
export type RegimeName = 'rise' | 'fall' | 'range' | 'crash' | 'recovery';

interface Regime {
  readonly name: RegimeName;
  /** Mean duration; lengths are geometric, so there is no memory to exploit. */
  readonly meanDays: number;
  /** Of the log price, per year. */
  readonly drift: number;
  /** Multiplies every symbol's volatility. */
  readonly volatility: number;
  /** Which regime follows, with what chance. */
  readonly next: readonly (readonly [RegimeName, number])[];
}

// A rise or fall lasts about three weeks and drifts at two to three deviations a year: a slow trend-follower that pays
// real fees finds something, a fast one pays more in fees than there is to find.
const regimes: Readonly<Record<RegimeName, Regime>> = {
  rise: {
    name: 'rise',
    meanDays: 24,
    drift: 1.8,
    volatility: 0.9,
    next: [
      ['range', 0.6],
      ['fall', 0.3],
      ['crash', 0.1],
    ],
  },
  fall: {
    name: 'fall',
    meanDays: 18,
    drift: -1.7,
    volatility: 1.05,
    next: [
      ['range', 0.6],
      ['rise', 0.35],
      ['crash', 0.05],
    ],
  },
  range: {
    name: 'range',
    meanDays: 20,
    drift: 0,
    volatility: 0.75,
    next: [
      ['rise', 0.55],
      ['fall', 0.42],
      ['crash', 0.03],
    ],
  },
  crash: {
    name: 'crash',
    meanDays: 1.5,
    drift: -25,
    volatility: 2.6,
    next: [
      ['recovery', 0.6],
      ['fall', 0.4],
    ],
  },
  recovery: {
    name: 'recovery',
    meanDays: 4,
    drift: 6,
    volatility: 1.8,
    next: [
      ['range', 0.7],
      ['rise', 0.3],
    ],
  },
};

/** A Markov chain of regimes, one step a bar. */
export class MarketRegime {
  current: Regime = regimes.range;
  readonly #random: RandomStream;
  readonly #barDays: number;

  constructor(seed: number, barDays: number) {
    this.#random = new RandomStream(seed, 'regime');
    this.#barDays = barDays;
  }

  /** Moves one bar on. Draws the same number of random numbers whatever happens. */
  step(): void {
    const leaves = this.#random.uniform();
    const chooses = this.#random.uniform();
    if (leaves * this.current.meanDays >= this.#barDays) return;
    let left = chooses;
    for (const [name, chance] of this.current.next) {
      left -= chance;
      this.current = regimes[name];
      if (left < 0) return;
    }
  }
}
