import { z } from 'zod';
import { Name, resource } from '#bot/api/resource.ts';
import { Stage } from '#engine/store/rows.ts';
import { BENCHMARKS } from '#engine/store/truth/benchmarks.ts';

const Value = z.union([z.number(), z.record(z.string(), z.int())]).nullable();

export const benchmarks = resource({
  name: 'benchmarks',
  summary: 'What is true of each version that runs, in figures with their meaning: what a night goes by.',
  query: z.strictObject({ strategy: Name.optional().describe('only of this strategy') }),
  data: z.array(
    z.strictObject({
      strategy: z.string(),
      stage: Stage,
      tree: z.string(),
      figures: z.array(
        z.strictObject({
          name: z.string(),
          meaning: z.string(),
          value: Value.describe('null where there is nothing to make it of'),
        }),
      ),
    }),
  ),
  read: ({ report }, { strategy }) => ({
    data: report()
      .strategies.filter(({ id }) => strategy === undefined || id === strategy)
      .map(({ id, stage, tree, truth }) => ({
        strategy: id,
        stage,
        tree,
        figures: Object.entries(BENCHMARKS).map(([name, { meaning }]) => ({
          name,
          meaning,
          value: truth[name as keyof typeof BENCHMARKS],
        })),
      })),
  }),
});
