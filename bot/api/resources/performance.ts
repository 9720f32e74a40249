import { z } from 'zod';
import { Name, resource } from '#bot/api/resource.ts';
import { Performance, StrategyReport } from '#engine/runtime/report.ts';

export const performance = resource({
  name: 'performance',
  summary: 'How each account has done since its first bar here, and its equity at the end of each of the last days.',
  query: z.strictObject({ strategy: Name.optional().describe('only of this strategy') }),
  data: z.array(
    z.strictObject({
      strategy: StrategyReport.shape.id,
      stage: StrategyReport.shape.stage,
      ...Performance.shape,
      dailyEquity: z
        .array(z.strictObject({ day: z.iso.date(), equity: z.number() }))
        .describe('oldest first; UTC days, a close at midnight ends the day before'),
    }),
  ),
  read: ({ report }, { strategy }) => ({
    data: report()
      .strategies.filter(({ id }) => strategy === undefined || id === strategy)
      .map(({ id, stage, performance, dailyEquity }) => ({
        strategy: id,
        stage,
        ...performance,
        dailyEquity: dailyEquity.map(([day, equity]) => ({ day, equity })),
      })),
  }),
});
