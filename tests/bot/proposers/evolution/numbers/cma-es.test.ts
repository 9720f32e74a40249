import { describe, expect, it } from 'vitest';
import { CmaEs } from '#bot/proposers/evolution/numbers/cma-es.ts';
import { factorOf, solve, times } from '#bot/proposers/evolution/numbers/triangle.ts';
import { RandomStream } from '#engine/candles/random-stream.ts';

type Valley = (point: readonly number[]) => number;

/** Lowest at 0.7 on every axis. */
const sphere: Valley = (point) => point.reduce((sum, x) => sum + (x - 0.7) ** 2, 0);

/** Rosenbrock (1960) on [-1, 2]: a bent valley whose floor leads to 1 on every axis. */
const rosenbrock: Valley = (point) => {
  const x = point.map((value) => 3 * value - 1);
  return x.slice(1).reduce((sum, next, index) => sum + 100 * (next - x[index]! ** 2) ** 2 + (1 - x[index]!) ** 2, 0);
};

/** Rastrigin (1974) on [-2, 3]: a bowl with a dent at every whole number, the deepest at 0. */
const rastrigin: Valley = (point) =>
  point.reduce((sum, value) => {
    const x = 5 * value - 2;
    return sum + 10 + x * x - 10 * Math.cos(2 * Math.PI * x);
  }, 0);

function descend(valley: Valley, options: { start: readonly number[]; evaluations: number; seed: number; step?: number }) {
  const random = new RandomStream(options.seed, 'test');
  const search = new CmaEs(options.start, options.step ?? 0.3);
  let best = Number.POSITIVE_INFINITY;
  let at: readonly number[] = options.start;
  for (let spent = 0; spent < options.evaluations; spent += search.generation) {
    const points = Array.from({ length: search.generation }, () => search.ask(random));
    const ranked = points.map((point) => ({ point, value: valley(point) })).toSorted((a, b) => a.value - b.value);
    if (ranked[0]!.value < best) ({ value: best, point: at } = ranked[0]!);
    search.tell(ranked.map(({ point }) => point));
  }
  return { best, at };
}

/** The best of as many points drawn anywhere in the cube. */
function scatter(valley: Valley, size: number, evaluations: number, seed: number): number {
  const random = new RandomStream(seed, 'scatter');
  const draw = () => valley(Array.from({ length: size }, () => random.uniform()));
  return Math.min(...Array.from({ length: evaluations }, draw));
}

const seeds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

describe('the search over numbers', () => {
  it('comes to the bottom of a sphere from a corner, far closer than points drawn at random', () => {
    const found = seeds.map((seed) => descend(sphere, { start: Array(8).fill(0.1), evaluations: 1_000, seed }).best);
    expect(Math.max(...found)).toBeLessThan(1e-6);
    expect(Math.min(...seeds.map((seed) => scatter(sphere, 8, 1_000, seed)))).toBeGreaterThan(1e-2);
  });

  it('learns the bend of the valley of Rosenbrock and follows it to its end', () => {
    const found = seeds.map((seed) => descend(rosenbrock, { start: Array(5).fill(0.2), evaluations: 6_000, seed }));
    expect(median(found.map(({ best }) => best))).toBeLessThan(1e-8);
    const there = found.filter(({ best }) => best < 1e-8);
    for (const { at } of there) for (const value of at) expect(value).toBeCloseTo(2 / 3, 3);
  });

  it('finds a deep dent of Rastrigin among many, deeper than points drawn at random', () => {
    const found = seeds.map(
      (seed) => descend(rastrigin, { start: Array(6).fill(0.9), evaluations: 1_500, seed, step: 0.5 }).best,
    );
    expect(median(found)).toBeLessThan(median(seeds.map((seed) => scatter(rastrigin, 6, 1_500, seed))) / 2);
  });

  it('stays in the cube when the best lies at its wall', () => {
    const random = new RandomStream(1, 'test');
    const search = new CmaEs([0.5, 0.5], 0.3);
    for (let turn = 0; turn < 60; turn += 1) {
      const points = Array.from({ length: search.generation }, () => search.ask(random));
      for (const point of points) for (const value of point) expect(value >= 0 && value <= 1).toBe(true);
      search.tell(points.toSorted((a, b) => a[0]! - b[0]!));
    }
    expect(search.ask(random)[0]).toBeLessThan(0.05);
  });

  it('goes on where all points of a generation agree in one number, as on a coarse grid', () => {
    const random = new RandomStream(1, 'test');
    const search = new CmaEs([0.5, 0.5, 0.5], 0.3);
    for (let turn = 0; turn < 200; turn += 1) {
      const points = Array.from({ length: search.generation }, () => search.ask(random).map((x) => Math.round(2 * x) / 2));
      search.tell(points.toSorted((a, b) => sphere(a) - sphere(b)));
    }
    expect(search.ask(random).every(Number.isFinite)).toBe(true);
  });

  it('searches a single number too, and asks the same for the same seed', () => {
    const options = { start: [0.1], evaluations: 200, seed: 3 };
    expect(descend(sphere, options).best).toBeLessThan(1e-8);
    expect(descend(sphere, options)).toEqual(descend(sphere, options));
  });
});

describe("Cholesky's factor", () => {
  it('multiplied with itself is the matrix, and solves what it multiplied', () => {
    const covariance = [[4], [2, 5], [0.6, 1, 3]];
    const factor = factorOf(covariance)!;
    for (const [i, row] of covariance.entries()) {
      for (const [j, entry] of row.entries()) {
        const product = factor[i]!.reduce((sum, value, k) => sum + value * (factor[j]![k] ?? 0), 0);
        expect(product).toBeCloseTo(entry, 12);
      }
    }
    const z = [1, -2, 0.5];
    for (const [index, value] of solve(factor, times(factor, z)).entries()) expect(value).toBeCloseTo(z[index]!, 12);
  });

  it('does not exist where the matrix has lost a direction', () => {
    expect(factorOf([[1], [1, 1]])).toBeNull();
  });
});
