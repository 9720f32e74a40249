import { z } from 'zod';
import { PageQuery, pageOf, resource } from '#bot/api/resource.ts';
import { NumberedTrade } from '#engine/store/record-pages.ts';

export const trades = resource({
  name: 'trades',
  summary: 'Closed trades, newest first; they are kept for ever.',
  query: PageQuery,
  data: z.array(NumberedTrade),
  read: ({ record }, query, before) => pageOf(query, before, (page) => record.tradesPage(page)),
});
