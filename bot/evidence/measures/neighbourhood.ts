import type { Neighbourhood } from '#bot/evidence/pack/robustness.ts';
import type { Subject } from '#bot/evidence/subject.ts';
import { snapToRange } from '#engine/backtest/host/definition.ts';
import type { ParameterRange, ParameterRanges } from '#engine/contract/types.ts';
import { quantileOf } from '#engine/statistics/quantile.ts';
import type { RandomSource } from '#engine/statistics/random-source.ts';
import { streamOf } from './streams.ts';

const RADII = [0.1, 0.2] as const;
type Values = Readonly<Record<string, number>>;

/**
 * What becomes of the net return on the selection data when the parameters move by a tenth and by a fifth of their values: each alone, up
 * and down, then all at once in directions that are drawn. A result that needs exactly its own numbers stands on a needle's point
 * (Pardo 2008, chapter 10).
 * @param incumbent net return on the same data
 */
export async function neighbourhood(
  subject: Subject,
  incumbent: number,
  { seed, directions }: { seed: number; directions: number },
): Promise<Neighbourhood> {
  return Promise.all(
    RADII.map(async (radius) => {
      const random = streamOf(seed, `neighbourhood/${radius}`);
      const around = neighboursOf(subject.parameters, subject.ranges, radius, { directions, random });
      const results = await Promise.all(around.map((parameters) => subject.attempt({ parameters })));
      const returns = results.flatMap((result) => (result === null ? [] : [result.metrics.netReturn]));
      const count = returns.length;
      return {
        radius,
        neighbours: count,
        median: quantileOf(returns, 0.5),
        worst: quantileOf(returns, 0),
        shareAhead: count === 0 ? null : returns.filter((value) => value > incumbent).length / count,
      };
    }),
  );
}

/** Without the centre and without repetition; a parameter at the end of its range moves one way only. */
export function neighboursOf(
  centre: Values,
  ranges: ParameterRanges,
  radius: number,
  { directions, random }: { directions: number; random: RandomSource },
): Values[] {
  const names = Object.keys(ranges);
  const alone = names.flatMap((name) =>
    [1, -1].map((sign) => ({ ...centre, [name]: moved(centre[name]!, ranges[name]!, sign * radius) })),
  );
  const together = Array.from({ length: directions }, () =>
    Object.fromEntries(
      names.map((name) => [name, moved(centre[name]!, ranges[name]!, random.uniform() < 0.5 ? -radius : radius)]),
    ),
  );
  const seen = new Set([JSON.stringify(centre)]);
  return [...alone, ...together].filter((one) => {
    const text = JSON.stringify(one);
    return !seen.has(text) && seen.add(text);
  });
}

function moved(value: number, range: ParameterRange, by: number): number {
  const distance = Math.max(Math.abs(value * by), range.step);
  return snapToRange(range, Math.min(range.max, Math.max(range.min, value + Math.sign(by) * distance)));
}
