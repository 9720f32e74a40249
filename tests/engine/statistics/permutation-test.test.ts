import { describe, expect, it, vi } from 'vitest';
import { RandomStream } from '#engine/candles/random-stream.ts';
import { permutationPValue, permutationTest } from '#engine/statistics/permutation-test.ts';
import { randomOrder } from '#engine/statistics/random-source.ts';
import { NOT_NUMBERS, normalSeries, refusal } from './series-samples.ts';

const shuffled = (data: readonly number[], round: number) =>
  [...randomOrder(new RandomStream(round, 'order'), data.length)].map((at) => data[at]!);
/** Sum of products of neighbours: large where what was high stays high. */
const persistence = (data: readonly number[]) => data.slice(1).reduce((total, value, at) => total + value * data[at]!, 0);

describe('a permutation p-value', () => {
  it('counts the data themselves among the orders, and so is never 0', () => {
    expect([permutationPValue(0, 99), permutationPValue(4, 99), permutationPValue(99, 99), permutationPValue(0, 0)]).toEqual([
      0.01, 0.05, 1, 1,
    ]);
  });

  it('refuses counts that cannot be', () => {
    for (const [atLeast, permutations] of [
      [-1, 9],
      [10, 9],
      [1.5, 9],
      [0, Number.NaN],
    ] as const) {
      expect(() => permutationPValue(atLeast, permutations)).toThrow(refusal('statistics/out-of-range'));
    }
  });
});

describe('a random order', () => {
  it('is each of the six orders of three as often', () => {
    const random = new RandomStream(2, 'orders');
    const counts = new Map<string, number>();
    for (let draw = 0; draw < 12_000; draw += 1) {
      const order = randomOrder(random, 3).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 2000)).toBeLessThan(200);
  });
});

describe('a permutation test', () => {
  it('finds the exact p-value of a small case, all orders counted', async () => {
    const data = [1, 2, 4, 7, 3];
    const orders = (rest: number[]): number[][] =>
      rest.length === 0
        ? [[]]
        : rest.flatMap((one) => orders(rest.filter((other) => other !== one)).map((order) => [one, ...order]));
    const all = orders(data);
    const exact = all.filter((order) => persistence(order) >= persistence(data)).length / all.length;
    const { pValue } = (await permutationTest({ data, permute: shuffled, statistic: persistence, permutations: 5000 }))!;
    expect(Math.abs(pValue - exact)).toBeLessThan(5 * Math.sqrt((exact * (1 - exact)) / 5000));
  });

  it('finds order where there is some, and none where there is none', async () => {
    const noise = normalSeries(80, 1);
    const trend = noise.map((value, at) => value + 3 * Math.sin(at / 10));
    const pOf = async (data: number[]) =>
      (await permutationTest({ data, permute: shuffled, statistic: persistence, permutations: 199 }))!.pValue;
    expect(await pOf(trend)).toBe(1 / 200);
    expect(await pOf(noise)).toBeGreaterThan(0.05);
  });

  it('waits for a statistic that takes its time, one permutation after the other', async () => {
    let running = 0;
    const statistic = vi.fn(async (data: readonly number[]) => {
      running += 1;
      expect(running).toBe(1);
      await Promise.resolve();
      running -= 1;
      return persistence(data);
    });
    const data = normalSeries(20, 3);
    const found = await permutationTest({ data, permute: shuffled, statistic, permutations: 30 });
    expect(statistic).toHaveBeenCalledTimes(31);
    expect(found).toEqual(await permutationTest({ data, permute: shuffled, statistic: persistence, permutations: 30 }));
  });

  it('lets a permutation without a statistic count against the data', async () => {
    let calls = 0;
    const statistic = () => (calls++ === 0 ? 1 : calls % 2 === 0 ? null : 0);
    const found = await permutationTest({ data: [1], permute: shuffled, statistic, permutations: 10 });
    expect(found).toEqual({ observed: 1, pValue: 6 / 11, permutations: 10, atLeast: 5, medianPermuted: 0, unanswered: 5 });
  });

  it('says nothing where the data have no statistic, and does not permute them', async () => {
    const permute = vi.fn(shuffled);
    expect(await permutationTest({ data: [], permute, statistic: () => null, permutations: 10 })).toBeNull();
    expect(permute).not.toHaveBeenCalled();
  });

  it.each(NOT_NUMBERS)('refuses a statistic of %d', async (value) => {
    await expect(permutationTest({ data: [1], permute: shuffled, statistic: () => value, permutations: 3 })).rejects.toThrow(
      refusal('statistics/not-finite'),
    );
  });

  it('refuses no permutations, and passes on what the callback throws', async () => {
    const inputs = { data: [1], permute: shuffled, statistic: () => 1 };
    await expect(permutationTest({ ...inputs, permutations: 0 })).rejects.toThrow(refusal('statistics/out-of-range'));
    const statistic = () => Promise.reject(new Error('the search broke'));
    await expect(permutationTest({ ...inputs, statistic, permutations: 3 })).rejects.toThrow('the search broke');
  });
});
