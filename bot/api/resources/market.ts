import { z } from 'zod';
import { NoQuery, resource } from '#bot/api/resource.ts';
import { readStoredSlot } from '#engine/runtime/slot-memory.ts';
import { storedMarkets } from '#engine/runtime/stored-markets.ts';
import { StoredMarketRules } from '#engine/simulation/market-rules-schema.ts';

export const market = resource({
  name: 'market',
  summary: 'The markets the engine trades on: the rules and costs of paper accounts, and the last close that was taken in.',
  query: NoQuery,
  data: z.array(
    z.strictObject({
      symbol: z.string(),
      price: z.number().nullable().describe('the last close a strategy took in; null before the first'),
      priceAt: z.int().nullable().describe('market time of that bar'),
      rules: StoredMarketRules,
    }),
  ),
  read: ({ record }) => {
    const closes = record
      .accounts()
      .flatMap((row) =>
        readStoredSlot(row).account.books.flatMap(({ symbol, lastClose }) =>
          lastClose === null ? [] : [{ symbol, price: lastClose, priceAt: row.instant }],
        ),
      )
      .sort((left, right) => left.priceAt - right.priceAt);
    return {
      data: Object.entries(storedMarkets(record)).map(([symbol, rules]) => {
        const newest = closes.findLast((close) => close.symbol === symbol);
        return { symbol, price: newest?.price ?? null, priceAt: newest?.priceAt ?? null, rules };
      }),
    };
  },
});
