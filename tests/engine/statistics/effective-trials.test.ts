import { describe, expect, it } from 'vitest';
import { RandomStream } from '#engine/candles/random-stream.ts';
import { correlationDistances, squaredRowDistances } from '#engine/statistics/clustering/correlation-distance.ts';
import { kMeans } from '#engine/statistics/clustering/k-means.ts';
import { silhouettes } from '#engine/statistics/clustering/silhouettes.ts';
import { symmetricMatrix } from '#engine/statistics/clustering/square-matrix.ts';
import { effectiveTrials } from '#engine/statistics/effective-trials.ts';
import { varianceOf } from '#engine/statistics/moments.ts';
import { sharpeRatio } from '#engine/statistics/sharpe-ratio.ts';
import fc from '#tests/support/properties.ts';
import { NOT_NUMBERS, normalSeries, refusal } from './series-samples.ts';

const random = (name = 'clusters') => new RandomStream(29, name);
const options = () => ({ random: random() });

/** `ideas` families of `each` series that share a part `correlation` of their variance; family k holds series k, k + ideas, … */
function families(ideas: number, each: number, correlation: number, times = 300): number[][] {
  const common = Array.from({ length: ideas }, (_, idea) => normalSeries(times, 1, `idea ${idea}`));
  return Array.from({ length: ideas * each }, (_, trial) => {
    const own = normalSeries(times, 2, `trial ${trial}`);
    return common[trial % ideas]!.map((value, time) => Math.sqrt(correlation) * value + Math.sqrt(1 - correlation) * own[time]!);
  });
}

const points = fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 40 })), {
  minLength: 5,
  maxLength: 14,
});
const squaresOf = (places: readonly (readonly [number, number])[]) =>
  symmetricMatrix(places.length, (row, column) => {
    const [dx, dy] = [places[row]![0] - places[column]![0], places[row]![1] - places[column]![1]];
    return dx * dx + dy * dy;
  });

describe('the distance of two series', () => {
  it('is 0 for the same up to scale, √½ for strangers, 1 for opposites', () => {
    const { values } = correlationDistances([
      [1, -1, 1, -1],
      [3, 1, 3, 1],
      [1, 1, -1, -1],
      [-1, 1, -1, 1],
    ]);
    const [same, strangers, opposites] = [values[1]!, values[2]!, values[3]!];
    expect(same).toBeCloseTo(0, 7);
    expect(strangers).toBeCloseTo(Math.SQRT1_2, 12);
    expect(opposites).toBeCloseTo(1, 12);
  });

  it('between rows is Euclidean', () => {
    const distances = symmetricMatrix(3, (row, column) => row + column);
    // Rows: 0 1 2, 1 0 3, 2 3 0.
    expect([...squaredRowDistances(distances).values]).toEqual([0, 3, 12, 3, 0, 19, 12, 19, 0]);
  });
});

describe('k-means', () => {
  it('ends where every point is nearest to the centre of its own cluster', () => {
    fc.assert(
      fc.property(points, fc.integer({ min: 2, max: 4 }), fc.nat(), (places, clusters, seed) => {
        const labels = kMeans(squaresOf(places), clusters, 1, random(`${seed}`));
        if (labels === null) return;
        const centres = Array.from({ length: clusters }, (_, cluster) => {
          const members = places.filter((_place, point) => labels[point] === cluster);
          expect(members.length).toBeGreaterThan(0);
          return [0, 1].map((axis) => members.reduce((total, place) => total + place[axis]!, 0) / members.length);
        });
        for (const [point, [x, y]] of places.entries()) {
          const squares = centres.map(([cx, cy]) => (x - cx!) * (x - cx!) + (y - cy!) * (y - cy!));
          expect(squares[labels[point]!]!).toBeLessThanOrEqual(Math.min(...squares) + 1e-9);
        }
      }),
    );
  });

  it('finds no three clusters in two places', () => {
    const squares = squaresOf([
      [0, 0],
      [0, 0],
      [5, 5],
      [5, 5],
    ]);
    expect(kMeans(squares, 3, 5, random())).toBeNull();
    const labels = kMeans(squares, 2, 5, random())!;
    expect([labels[0] === labels[1], labels[2] === labels[3], labels[0] === labels[2]]).toEqual([true, true, false]);
  });
});

describe('silhouettes', () => {
  it('are what they are by hand', () => {
    // On a line: 0 and 2 in one cluster, 10 and 11 in the other.
    const places = [0, 2, 10, 11];
    const distances = symmetricMatrix(4, (row, column) => Math.abs(places[row]! - places[column]!));
    const values = silhouettes(distances, Int32Array.from([0, 0, 1, 1]), 2);
    for (const [point, expected] of [8.5 / 10.5, 6.5 / 8.5, 8 / 9, 9 / 10].entries())
      expect(values[point]!).toBeCloseTo(expected, 14);
    expect(silhouettes(distances, Int32Array.from([0, 1, 1, 1]), 2)[0]).toBe(0);
  });
});

describe('the effective number of trials', () => {
  it.each([
    [3, 4, 0.6],
    [5, 6, 0.5],
    [8, 8, 0.4],
    [12, 3, 0.7],
  ])('of %d ideas tried %d times each is the number of ideas', (ideas, each, correlation) => {
    const found = effectiveTrials(families(ideas, each, correlation), options())!;
    expect(found.count).toBe(ideas);
    expect(found.labels).toEqual(Array.from({ length: ideas * each }, (_, trial) => trial % ideas));
  });

  it('of ideas whose tries are more and less alike is still that of the ideas', () => {
    const tight = families(8, 4, 0.9);
    const loose = families(8, 8, 0.35).map((one) => [...one].reverse());
    const { count, labels } = effectiveTrials([...tight, ...loose], options())!;
    expect(count).toBe(16);
    expect(labels).toEqual([...tight.map((_, trial) => trial % 8), ...loose.map((_, trial) => 8 + (trial % 8))]);
  });

  it('looks into weak clusters again', () => {
    // With two clusters at a level, one of them is a lump that hides ideas.
    const tight = families(3, 4, 0.9);
    const loose = families(8, 8, 0.2).map((one) => [...one].reverse());
    const series = [...tight, ...loose];
    expect(effectiveTrials(series, { ...options(), maxClusters: 2 })!.count).toBeGreaterThan(2);
  });

  it('holds the members of an idea by the inverse of their variance', () => {
    const base = families(3, 2, 0.9);
    const series = base.map((one, trial) => (trial < 3 ? one : one.map((value) => 10 * value)));
    const { clusters, sharpeVariance } = effectiveTrials(series, options())!;
    const [first] = clusters;
    expect(first!.members).toEqual([0, 3]);
    const [calm, wild] = [varianceOf(series[0]!)!, varianceOf(series[3]!)!];
    const expected = series[0]!.map((value, time) => (value / calm + series[3]![time]! / wild) / (1 / calm + 1 / wild));
    for (const [time, value] of expected.entries()) expect(first!.returns[time]!).toBeCloseTo(value, 12);
    expect(first!.sharpe).toBe(sharpeRatio(first!.returns));
    expect(sharpeVariance).toBe(varianceOf(clusters.map(({ sharpe }) => sharpe!)));
  });

  it('is the same from the same seed, and whatever the scale of a series', () => {
    const series = families(5, 5, 0.4);
    const found = effectiveTrials(series, options())!;
    expect(effectiveTrials(series, options())).toEqual(found);
    expect(
      effectiveTrials(
        series.map((one, trial) => one.map((value) => (trial + 1) * value)),
        options(),
      )!.labels,
    ).toEqual(found.labels);
  });

  it('lies from 1 to the raw number, and gives every series one cluster', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(), (count, seed) => {
        const series = Array.from({ length: count }, (_, trial) => normalSeries(30, seed, `trial ${trial}`));
        const found = effectiveTrials(series, { random: random(`${seed}`), starts: 2 })!;
        expect(found.count).toBeGreaterThanOrEqual(1);
        expect(found.count).toBeLessThanOrEqual(count);
        expect(found.clusters.flatMap(({ members }) => members).sort((a, b) => a - b)).toEqual([...series.keys()]);
        for (const [label, { members }] of found.clusters.entries())
          for (const member of members) expect(found.labels[member]).toBe(label);
      }),
      { numRuns: 40 },
    );
  });

  it('of one trial is one, of two strangers two, of the same trial again and again one', () => {
    const [one, other] = families(2, 1, 0);
    expect(effectiveTrials([one!], options())).toMatchObject({ count: 1, labels: [0], sharpeVariance: null });
    expect(effectiveTrials([one!, other!], options())!.count).toBe(2);
    expect(effectiveTrials([one!, one!], options())!.count).toBe(1);
    expect(effectiveTrials([one!, one!, one!, one!], options())!.count).toBe(1);
  });

  it('counts trials that never traded as one more, without a Sharpe ratio', () => {
    const idle = new Array<number>(300).fill(0);
    const series = [idle, ...families(3, 4, 0.6), idle];
    const found = effectiveTrials(series, options())!;
    expect(found.count).toBe(4);
    expect(found.clusters[0]).toMatchObject({ members: [0, 13], sharpe: null });
    expect(found.sharpeVariance).toBe(effectiveTrials(series.slice(1, -1), options())!.sharpeVariance);
    expect(effectiveTrials([idle, idle], options())).toMatchObject({ count: 1, labels: [0, 0], sharpeVariance: null });
  });

  it('says nothing without trials or below three days', () => {
    expect(effectiveTrials([], options())).toBeNull();
    expect(effectiveTrials([[], []], options())).toBeNull();
    expect(
      effectiveTrials(
        [
          [1, 2],
          [2, 1],
        ],
        options(),
      ),
    ).toBeNull();
  });

  it('refuses holes, series of different length, and more than it can take', () => {
    for (const value of NOT_NUMBERS)
      expect(() => effectiveTrials([[1, 2, value]], options())).toThrow(refusal('statistics/not-finite'));
    expect(() => effectiveTrials([[1, 2, 3], [1]], options())).toThrow(refusal('statistics/lengths-differ'));
    expect(() => effectiveTrials(new Array<number[]>(2001).fill([1, 2, 3]), options())).toThrow(
      refusal('statistics/too-many-series'),
    );
    expect(() => effectiveTrials([[1, 2, 3]], { ...options(), maxClusters: 1 })).toThrow(refusal('statistics/out-of-range'));
    expect(() => effectiveTrials([[1, 2, 3]], { ...options(), starts: 0 })).toThrow(refusal('statistics/out-of-range'));
  });
});
