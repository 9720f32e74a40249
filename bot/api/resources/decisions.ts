import { z } from 'zod';
import { PageQuery, pageOf, resource } from '#bot/api/resource.ts';
import { NumberedDecision } from '#engine/store/record-pages.ts';

export const decisions = resource({
  name: 'decisions',
  summary:
    'Decisions, acted on or not, newest first, with every check an order met. Of those in runs only what became an order is listed.',
  query: PageQuery,
  data: z.array(NumberedDecision),
  read: ({ record }, query, before) => pageOf(query, before, (page) => record.decisionsPage(page, false)),
});

export const signals = resource({
  name: 'signals',
  summary: 'The decisions to do something, whatever came of them, newest first.',
  query: PageQuery,
  data: z.array(NumberedDecision),
  read: ({ record }, query, before) => pageOf(query, before, (page) => record.decisionsPage(page, true)),
});
