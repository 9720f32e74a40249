import { z } from 'zod';
import { Name, resource } from '#bot/api/resource.ts';
import { StrategyStatus } from '#engine/runtime/status.ts';
import { Stage } from '#engine/store/rows.ts';

const { tree, commit, desiredTree } = StrategyStatus.shape;

export const strategy = resource({
  name: 'strategy',
  summary: 'Each strategy: what main asks for, what runs, whether they agree, and since when.',
  query: z.strictObject({ strategy: Name.optional().describe('only this one') }),
  data: z.array(
    z.strictObject({
      id: z.string(),
      status: StrategyStatus.shape.status,
      code: StrategyStatus.shape.code,
      reason: StrategyStatus.shape.reason,
      stage: Stage.nullable(),
      tree,
      commit,
      desiredTree,
      loadedAt: z.int().nullable().describe('wall-clock time; null where nothing runs'),
      loadedInstant: z.int().nullable().describe('market time of the same'),
    }),
  ),
  read: ({ status, report }, { strategy }) => ({
    data: (status()?.strategies ?? [])
      .filter(({ id }) => strategy === undefined || id === strategy)
      .map(({ positions: _, ...one }) => {
        const loaded = report().strategies.find(({ id, tree }) => id === one.id && tree === one.tree);
        return { ...one, loadedAt: loaded?.loadedAt ?? null, loadedInstant: loaded?.loadedInstant ?? null };
      }),
  }),
});
