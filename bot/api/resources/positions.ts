import { z } from 'zod';
import { Name, resource } from '#bot/api/resource.ts';
import { ReportedPosition, StrategyReport } from '#engine/runtime/report.ts';

export const positions = resource({
  name: 'positions',
  summary: 'What each strategy holds now, at the last closes, with the stop that protects it.',
  query: z.strictObject({ strategy: Name.optional().describe('only of this strategy') }),
  data: z.array(z.strictObject({ strategy: StrategyReport.shape.id, ...ReportedPosition.shape })),
  read: ({ report }, { strategy }) => ({
    data: report()
      .strategies.filter(({ id }) => strategy === undefined || id === strategy)
      .flatMap(({ id, positions }) => positions.map((position) => ({ strategy: id, ...position }))),
  }),
});
