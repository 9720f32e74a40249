import { abs, ceil, floor, isFiniteNumber, max, missing, round } from '#engine/contract/intrinsics.ts';

// Bundled into the strategy realm: no Node imports here.

/** Relative slack within which a number counts as lying on a grid line: decimal steps are not exact in binary. */
const SLACK = 1e-12;

/**
 * Multiples of a market's step or tick. When the step divides 1 (0.01, 0.00001) multiples are computed as `k / inverse`,
 * which gives the double nearest to the decimal number; `k · step` would not.
 */
export class Grid {
  readonly #step: number = missing;
  /** 1 / step where that is whole, else 0. */
  readonly #inverse: number = missing;

  /** @param step above zero */
  constructor(step: number) {
    if (!(step > 0) || !isFiniteNumber(step)) throw new RangeError(`A market's step must be above zero, not ${step}.`);
    const inverse = round(1 / step);
    this.#step = step;
    this.#inverse = inverse >= 1 && abs(inverse * step - 1) < SLACK ? inverse : 0;
  }

  floor(value: number): number {
    const count = this.#count(value);
    const whole = round(count);
    return this.#line(abs(count - whole) <= SLACK * max(1, abs(count)) ? whole : floor(count));
  }

  ceil(value: number): number {
    const count = this.#count(value);
    const whole = round(count);
    return this.#line(abs(count - whole) <= SLACK * max(1, abs(count)) ? whole : ceil(count));
  }

  nearest(value: number): number {
    return this.#line(round(this.#count(value)));
  }

  #count(value: number): number {
    return this.#inverse > 0 ? value * this.#inverse : value / this.#step;
  }

  #line(count: number): number {
    return this.#inverse > 0 ? count / this.#inverse : count * this.#step;
  }
}
