import { z } from 'zod';
import { PageQuery, pageOf, resource } from '#bot/api/resource.ts';
import { DeploymentRow } from '#engine/store/rows.ts';

export const deployments = resource({
  name: 'deployments',
  summary: 'Versions that were loaded, and what became of them, newest first.',
  query: PageQuery.omit({ symbol: true }),
  data: z.array(DeploymentRow),
  read: ({ record }, query, before) => pageOf(query, before, (page) => record.deploymentsPage(page)),
});
