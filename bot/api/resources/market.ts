import { z } from 'zod';
import { NoQuery, resource } from '#bot/api/resource.ts';
import { readStoredSlot } from '#engine/runtime/slot-memory.ts';
import { StoredMarketRules } from '#engine/simulation/market-rules-schema.ts';

export const market = resource({
  name: 'market',
  summary: 'The markets the engine trades on: their rules and costs, and the last close that was taken in.',
  query: NoQuery,
  data: z.array(
    z.strictObject({
      symbol: z.string(),
      timeframe: z.string().describe('of the bars that are fed'),
      price: z.number().nullable().describe('the last close a strategy took in; null before the first'),
      priceAt: z.int().nullable().describe('market time of that bar'),
      barsFrom: z.int().describe('open of the first bar there is, UTC ms'),
      barsTo: z.int().describe('close of the last bar that is stored'),
      rules: StoredMarketRules,
    }),
  ),
  read: ({ record, options }) => {
    const closes = record
      .accounts()
      .flatMap((row) =>
        readStoredSlot(row).account.books.flatMap(({ symbol, lastClose }) =>
          lastClose === null ? [] : [{ symbol, price: lastClose, priceAt: row.instant }],
        ),
      );
    return {
      data: options.markets.map(({ symbol, timeframe, span }) => {
        const newest = closes
          .filter((close) => close.symbol === symbol)
          .reduce<(typeof closes)[number] | null>(
            (best, close) => (best !== null && best.priceAt >= close.priceAt ? best : close),
            null,
          );
        return {
          symbol,
          timeframe,
          price: newest?.price ?? null,
          priceAt: newest?.priceAt ?? null,
          barsFrom: span.from,
          barsTo: span.to,
          rules: options.rules[symbol]!,
        };
      }),
    };
  },
});
