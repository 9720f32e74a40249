import { snapToRange } from '#engine/backtest/host/definition.ts';
import type { ParameterRanges } from '#engine/contract/types.ts';
import { type RandomSource, randomOrder } from '#engine/statistics/random-source.ts';

/**
 * Configurations spread evenly over declared ranges: each range is cut into as many parts as there are configurations, and each part
 * is used once (Latin hypercube; McKay, Beckman and Conover 1979). On the parameters' grids, without repetition, so there may be
 * fewer than asked for; without parameters there is one.
 */
export function configurationsOver(ranges: ParameterRanges, count: number, random: RandomSource): Record<string, number>[] {
  const columns = Object.entries(ranges).map(([name, range]) => {
    const parts = randomOrder(random, count);
    const values = Array.from(parts, (part) => {
      const share = (part + random.uniform()) / count;
      return snapToRange(range, range.min + share * (range.max - range.min));
    });
    return { name, values };
  });
  const all = Array.from({ length: count }, (_, index) =>
    Object.fromEntries(columns.map(({ name, values }) => [name, values[index]!])),
  );
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}
