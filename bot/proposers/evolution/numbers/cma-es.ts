import type { RandomStream } from '#engine/candles/random-stream.ts';
import { factorOf, solve, type Triangle, times, unitTriangle } from './triangle.ts';

/** A point outside the cube is drawn again so often before it is brought to the wall. */
const DRAWS_MAX = 20;
/** The step is never so long that every draw would end at a wall. */
const STEP_MAX = 0.5;
const STEP_MIN = 1e-12;

/**
 * CMA-ES on the unit cube [0, 1]ⁿ: points are drawn from a normal distribution whose mean, step and covariance follow the better half
 * of what was tried. Asked for points and told how they rank, so that whoever evaluates them may do so elsewhere and side by side.
 *
 * Hansen, "The CMA Evolution Strategy: A Tutorial" (2016, arXiv 1604.00772), figure 6 and table 1, with positive weights only; equation
 * numbers below are that text's. In the place of C^(-1/2) stands the inverse of C's Cholesky factor, which turns the path in step
 * length and leaves its length as it is (Krause, Arbonès and Igel 2016, section 3): no eigenvectors are needed, and the arithmetic is
 * the same on every machine: powers, whose last bit depends on the version of Node, are written as products.
 *
 * It is our own because no library that is kept up and written for Node can be asked for points and told how they rank, and none draws from
 * a generator that is given to it. Both are needed here: each point is a trial that a sandbox measures and the ledger counts, and a night
 * that is run again has to ask for the same points.
 */
export class CmaEs {
  /** λ (48): so many points make a generation. */
  readonly generation: number;
  readonly #weights: readonly number[];
  readonly #rates: Rates;
  #mean: readonly number[];
  #step: number;
  #covariance: Triangle;
  #factor: Triangle;
  #stepPath: readonly number[];
  #covariancePath: readonly number[];
  /** (1 - c_σ)^2g after g generations: how much of the path's first value it still has. */
  #unsettled = 1;

  /**
   * @param start where the search begins, in the cube
   * @param step standard deviation of the first generation, as a share of the cube's edge
   */
  constructor(start: readonly number[], step: number) {
    const size = start.length;
    this.generation = 4 + Math.floor(3 * Math.log(size));
    this.#weights = weightsOf(this.generation);
    this.#rates = ratesOf(size, this.#weights);
    this.#mean = start;
    this.#step = step;
    this.#covariance = unitTriangle(size);
    this.#factor = unitTriangle(size);
    this.#stepPath = start.map(() => 0);
    this.#covariancePath = start.map(() => 0);
  }

  /** A point to try, in the cube (38 to 40). */
  ask(random: RandomStream): number[] {
    let point: number[] = [];
    for (let draw = 0; draw < DRAWS_MAX; draw += 1) {
      const y = times(
        this.#factor,
        this.#mean.map(() => random.normal()),
      );
      point = this.#mean.map((mean, axis) => mean + this.#step * y[axis]!);
      if (point.every((value) => value >= 0 && value <= 1)) return point;
    }
    return point.map((value) => Math.min(Math.max(value, 0), 1));
  }

  /**
   * Learns from a generation.
   * @param ranked its points, the best first, as they were tried: on a grid they may stand beside where they were drawn
   */
  tell(ranked: readonly (readonly number[])[]): void {
    const { stepPath: cs, damping, covariancePath: cc, rankOne, rankMu, selected } = this.#rates;
    const size = this.#mean.length;
    this.#unsettled *= (1 - cs) * (1 - cs);
    const steps = ranked
      .slice(0, this.#weights.length)
      .map((point) => point.map((value, axis) => (value - this.#mean[axis]!) / this.#step));
    // (41), (42)
    const move = this.#mean.map((_, axis) => steps.reduce((sum, y, rank) => sum + this.#weights[rank]! * y[axis]!, 0));
    this.#mean = this.#mean.map((mean, axis) => mean + this.#step * move[axis]!);
    // (43), (44)
    const whitened = solve(this.#factor, move);
    this.#stepPath = this.#stepPath.map((p, axis) => (1 - cs) * p + Math.sqrt(cs * (2 - cs) * selected) * whitened[axis]!);
    const length = Math.sqrt(this.#stepPath.reduce((sum, p) => sum + p * p, 0));
    const expected = Math.sqrt(size) * (1 - 1 / (4 * size) + 1 / (21 * size * size));
    this.#step *= Math.exp((cs / damping) * (length / expected - 1));
    this.#step = Math.min(Math.max(this.#step, STEP_MIN), STEP_MAX);
    // (45), with the path held where the step has grown long
    const settled = length / Math.sqrt(1 - this.#unsettled);
    const isHeld = settled >= (1.4 + 2 / (size + 1)) * expected;
    const pull = isHeld ? 0 : Math.sqrt(cc * (2 - cc) * selected);
    this.#covariancePath = this.#covariancePath.map((p, axis) => (1 - cc) * p + pull * move[axis]!);
    // (47)
    const kept = 1 - rankOne - rankMu + (isHeld ? rankOne * cc * (2 - cc) : 0);
    const path = this.#covariancePath;
    const covariance = this.#covariance.map((row, i) =>
      row.map((entry, j) => {
        const spread = steps.reduce((sum, y, rank) => sum + this.#weights[rank]! * y[i]! * y[j]!, 0);
        return kept * entry + rankOne * path[i]! * path[j]! + rankMu * spread;
      }),
    );
    // Points on a coarse grid may all agree in one number: the covariance then loses a direction, and the last sound one stays.
    const factor = factorOf(covariance);
    if (factor === null) return;
    this.#covariance = covariance;
    this.#factor = factor;
  }
}

interface Rates {
  /** c_σ */
  readonly stepPath: number;
  /** d_σ */
  readonly damping: number;
  /** c_c */
  readonly covariancePath: number;
  /** c_1 */
  readonly rankOne: number;
  /** c_μ */
  readonly rankMu: number;
  /** μ_eff: how many points the weights are worth */
  readonly selected: number;
}

/** Weights of the better half, which add up to 1 (49, 53). */
function weightsOf(generation: number): number[] {
  const raw = Array.from(
    { length: Math.floor(generation / 2) },
    (_, index) => Math.log((generation + 1) / 2) - Math.log(index + 1),
  );
  const sum = raw.reduce((total, weight) => total + weight, 0);
  return raw.map((weight) => weight / sum);
}

/** The learning rates (55 to 58) for a number of dimensions. */
function ratesOf(size: number, weights: readonly number[]): Rates {
  const selected = 1 / weights.reduce((sum, weight) => sum + weight * weight, 0);
  const stepPath = (selected + 2) / (size + selected + 5);
  const damping = 1 + 2 * Math.max(0, Math.sqrt((selected - 1) / (size + 1)) - 1) + stepPath;
  const covariancePath = (4 + selected / size) / (size + 4 + (2 * selected) / size);
  const rankOne = 2 / ((size + 1.3) * (size + 1.3) + selected);
  const rankMu = Math.min(1 - rankOne, (2 * (1 / 4 + selected + 1 / selected - 2)) / ((size + 2) * (size + 2) + selected));
  return { stepPath, damping, covariancePath, rankOne, rankMu, selected };
}
