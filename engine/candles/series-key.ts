import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';
import { timeframes } from './timeframe.ts';
import type { SeriesKey as Key } from './types.ts';

export const Venue = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'a venue is lower-case letters, digits and hyphens');
export const MarketSymbol = z.string().regex(/^[A-Z0-9]{1,20}\/[A-Z0-9]{1,20}$/, 'a symbol looks like BTC/USDT');

export const SeriesKey = z.strictObject({ venue: Venue, symbol: MarketSymbol, timeframe: z.enum(timeframes) });

/** Venue of everything the simulated market makes. */
export const simulatedVenue = 'simulated';

/** `binance BTC/USDT 1h` */
export function nameOfSeries(key: Key): string {
  return `${key.venue} ${key.symbol} ${key.timeframe}`;
}

/** Longest first, so that `BTCUSDT` is not read as quoted in something shorter. */
const knownQuotes = ['FDUSD', 'TUSD', 'BUSD', 'USDT', 'USDC', 'USD', 'EUR', 'GBP', 'JPY', 'DAI', 'BTC', 'ETH', 'BNB'];

/** `BTCUSDT` → `BTC/USDT`; undefined when no known quote currency ends it. */
export function symbolOfPair(pair: string): string | undefined {
  if (MarketSymbol.safeParse(pair).success) return pair;
  const joined = pair.replace(/[-/]/, '');
  const quote = knownQuotes.find((candidate) => joined.endsWith(candidate) && joined.length > candidate.length);
  if (quote === undefined || !/^[A-Z0-9]+$/.test(joined)) return undefined;
  return `${joined.slice(0, -quote.length)}/${quote}`;
}

/** @throws candles/bad-key when a part of the key is malformed. */
export function parseSeriesKey(key: { venue: string; symbol: string; timeframe: string }): Key {
  const parsed = SeriesKey.safeParse(key);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const part = String(issue?.path[0] ?? 'key');
  throw new RatchetError(
    'candles/bad-key',
    `${part} ${JSON.stringify(key[part as keyof typeof key])} is not usable: ${issue?.message ?? 'malformed'}.`,
    `Give a venue like kraken, a symbol like BTC/USDT and a timeframe of ${timeframes.join(', ')}.`,
    { ...key },
  );
}
